// Command sumdb-judge verifies a log with the libraries that the Go project
// wrote for its own module log: golang.org/x/mod/sumdb, note and tlog.
//
// SPDX-License-Identifier: EUPL-1.2
package main

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const usage = `sumdb-judge tree VKEY NOTE                 a checkpoint's size and root
sumdb-judge extends VKEY OLD-NOTE NOTE URL  a checkpoint continues another
sumdb-judge records VKEY NOTE URL           entries, whose indexes come in lines
sumdb-judge proof VKEY FILE                 the entry that a .tlog-proof proves`

func main() {
	log.SetFlags(0)
	commands := map[string]func([]string) error{
		"tree": tree, "extends": extends, "records": records, "proof": proof,
	}
	counts := map[string]int{"tree": 2, "extends": 4, "records": 3, "proof": 2}
	if len(os.Args) < 2 || counts[os.Args[1]] != len(os.Args)-2 {
		log.Fatal(usage)
	}
	if err := commands[os.Args[1]](os.Args[2:]); err != nil {
		log.Fatal("refused: ", err)
	}
}

// open reads a checkpoint whose signature has verified.
func open(vkey, signed string) (tlog.Tree, error) {
	var t tlog.Tree
	v, err := note.NewVerifier(vkey)
	if err != nil {
		return t, err
	}
	n, err := note.Open([]byte(signed), note.VerifierList(v))
	if err != nil {
		return t, err
	}
	lines := strings.Split(n.Text, "\n")
	if len(lines) != 4 || lines[0] != v.Name() || lines[3] != "" {
		return t, fmt.Errorf("not a checkpoint of %s: %q", v.Name(), n.Text)
	}
	if t.N, err = strconv.ParseInt(lines[1], 10, 64); err != nil {
		return t, err
	}
	t.Hash, err = tlog.ParseHash(lines[2])
	return t, err
}

func openFile(vkey, path string) (tlog.Tree, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return tlog.Tree{}, err
	}
	return open(vkey, string(b))
}

// tiles reads a log by HTTP at the paths of C2SP tlog-tiles, which are those of
// the sumdb without the height. What SaveTiles is given has been verified.
type tiles struct {
	url  string
	http http.Client
	kept map[string][]byte
}

func newTiles(url string) *tiles {
	return &tiles{
		url:  strings.TrimSuffix(url, "/"),
		http: http.Client{Timeout: time.Minute},
		kept: map[string][]byte{},
	}
}

func path(t tlog.Tile) string {
	p := strings.TrimPrefix(t.Path(), fmt.Sprintf("tile/%d/", t.H))
	return "/tile/" + strings.Replace(p, "data/", "entries/", 1)
}

func (r *tiles) get(path string) ([]byte, error) {
	answer, err := r.http.Get(r.url + path)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s: %s", path, answer.Status)
	}
	return io.ReadAll(io.LimitReader(answer.Body, 1<<25))
}

func (r *tiles) Height() int { return 8 }

func (r *tiles) ReadTiles(wanted []tlog.Tile) ([][]byte, error) {
	data := make([][]byte, len(wanted))
	for i, t := range wanted {
		data[i] = r.kept[path(t)]
		if data[i] != nil {
			continue
		}
		b, err := r.get(path(t))
		if err != nil {
			return nil, err
		}
		data[i] = b
	}
	return data, nil
}

func (r *tiles) SaveTiles(saved []tlog.Tile, data [][]byte) {
	for i, t := range saved {
		r.kept[path(t)] = data[i]
	}
}

// entry cuts an entry out of its bundle, which nothing has verified yet.
func (r *tiles) entry(index, size int64) ([]byte, error) {
	t := tlog.Tile{H: 8, L: -1, N: index / 256, W: 256}
	if left := size - t.N*256; left < 256 {
		t.W = int(left)
	}
	b := r.kept[path(t)]
	if b == nil {
		var err error
		if b, err = r.get(path(t)); err != nil {
			return nil, err
		}
		r.kept[path(t)] = b
	}
	for skip := index % 256; ; skip-- {
		if len(b) < 2 || len(b)-2 < int(b[0])<<8|int(b[1]) {
			return nil, fmt.Errorf("%s is cut short", path(t))
		}
		n := int(b[0])<<8 | int(b[1])
		if skip == 0 {
			return b[2 : 2+n], nil
		}
		b = b[2+n:]
	}
}

func tree(args []string) error {
	t, err := openFile(args[0], args[1])
	if err == nil {
		fmt.Println(t.N, t.Hash)
	}
	return err
}

func extends(args []string) error {
	old, err := openFile(args[0], args[1])
	if err != nil {
		return err
	}
	t, err := openFile(args[0], args[2])
	if err != nil {
		return err
	}
	hashes := tlog.TileHashReader(t, newTiles(args[3]))
	p, err := tlog.ProveTree(t.N, old.N, hashes)
	if err != nil {
		return err
	}
	if err := tlog.CheckTree(p, t.N, t.Hash, old.N, old.Hash); err != nil {
		return err
	}
	fmt.Println(len(p), "hashes")
	return nil
}

func records(args []string) error {
	t, err := openFile(args[0], args[1])
	if err != nil {
		return err
	}
	reader := newTiles(args[2])
	hashes := tlog.TileHashReader(t, reader)
	for {
		var index int64
		if _, err := fmt.Scan(&index); err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
		entry, err := reader.entry(index, t.N)
		if err != nil {
			return err
		}
		leaf, err := hashes.ReadHashes([]int64{tlog.StoredHashIndex(0, index)})
		if err != nil {
			return err
		}
		if leaf[0] != tlog.RecordHash(entry) {
			return fmt.Errorf("entry %d is not what the tree holds", index)
		}
		p, err := tlog.ProveRecord(t.N, index, hashes)
		if err != nil {
			return err
		}
		err = tlog.CheckRecord(p, t.N, t.Hash, index, tlog.RecordHash(entry))
		if err != nil {
			return err
		}
		line, _ := json.Marshal(map[string]interface{}{
			"index": index, "entry": entry, "hashes": len(p)})
		fmt.Println(string(line))
	}
}

// proof verifies C2SP tlog-proof, which the Go project's libraries do not read.
func proof(args []string) error {
	file, err := os.ReadFile(args[1])
	if err != nil {
		return err
	}
	parts := strings.SplitN(string(file), "\n\n", 2)
	lines := strings.Split(parts[0], "\n")
	if len(parts) != 2 || len(lines) < 3 || lines[0] != "c2sp.org/tlog-proof@v1" {
		return fmt.Errorf("not a tlog-proof")
	}
	t, err := open(args[0], parts[1])
	if err != nil {
		return err
	}
	text := strings.TrimPrefix(lines[1], "extra ")
	leaf, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return err
	}
	index, err := strconv.ParseInt(strings.TrimPrefix(lines[2], "index "), 10, 64)
	if err != nil {
		return err
	}
	var p tlog.RecordProof
	for _, line := range lines[3:] {
		h, err := tlog.ParseHash(line)
		if err != nil {
			return err
		}
		p = append(p, h)
	}
	err = tlog.CheckRecord(p, t.N, t.Hash, index, tlog.RecordHash(leaf))
	if err == nil {
		fmt.Println(text)
	}
	return err
}
