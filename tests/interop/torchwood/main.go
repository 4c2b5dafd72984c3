// Command torchwood-judge verifies receipts and logs with filippo.io/torchwood,
// which implements the C2SP specifications.
//
// SPDX-License-Identifier: EUPL-1.2
package main

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"log"
	"os"
	"time"

	"filippo.io/torchwood"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const usage = `torchwood-judge proof POLICY FILE       the entry that a .tlog-proof proves
torchwood-judge checkpoint POLICY NOTE  its size, root and cosignatures
torchwood-judge entries POLICY URL      all entries of a log, hashed`

func main() {
	log.SetFlags(0)
	commands := map[string]func(torchwood.Policy, string) error{
		"proof": proof, "checkpoint": checkpoint, "entries": entries,
	}
	if len(os.Args) != 4 || commands[os.Args[1]] == nil {
		log.Fatal(usage)
	}
	text, err := os.ReadFile(os.Args[2])
	if err != nil {
		log.Fatal(err)
	}
	policy, err := torchwood.ParsePolicy(text)
	if err != nil {
		log.Fatal("policy: ", err)
	}
	if err := commands[os.Args[1]](policy, os.Args[3]); err != nil {
		log.Fatal("refused: ", err)
	}
}

func proof(policy torchwood.Policy, path string) error {
	file, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	leaf, err := torchwood.ProofExtraData(file)
	if err != nil {
		return err
	}
	err = torchwood.VerifyProof(policy, tlog.RecordHash(leaf), file)
	if err == nil {
		fmt.Println(base64.StdEncoding.EncodeToString(leaf))
	}
	return err
}

func checkpoint(policy torchwood.Policy, path string) error {
	file, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	c, n, err := torchwood.VerifyCheckpoint(file, policy)
	if err != nil {
		return err
	}
	cosigned := map[string]int64{}
	for _, s := range n.Sigs {
		if t, err := torchwood.CosignatureTimestamp(s); err == nil {
			cosigned[s.Name] = t
		}
	}
	return print(map[string]any{"origin": c.Origin, "size": c.N,
		"root": c.Hash.String(), "cosigned": cosigned,
		"signers": names(n.Sigs)})
}

func names(sigs []note.Signature) []string {
	var all []string
	for _, s := range sigs {
		all = append(all, s.Name)
	}
	return all
}

func print(what any) error {
	line, err := json.Marshal(what)
	if err == nil {
		fmt.Println(string(line))
	}
	return err
}

// entries follows the whole log as a monitor does. The client verifies every
// entry against the tree.
func entries(policy torchwood.Policy, url string) error {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	fetcher, err := torchwood.NewTileFetcher(url,
		torchwood.WithUserAgent("torchwood-judge (loopback)"))
	if err != nil {
		return err
	}
	client, err := torchwood.NewClient(fetcher)
	if err != nil {
		return err
	}
	signed, err := fetcher.ReadEndpoint(ctx, "checkpoint")
	if err != nil {
		return err
	}
	c, _, err := torchwood.VerifyCheckpoint(signed, policy)
	if err != nil {
		return err
	}
	count, all := 0, sha256.New()
	for _, entry := range client.AllEntries(ctx, c.Tree, 0) {
		all.Write(entry)
		count++
	}
	if err := client.Err(); err != nil {
		return err
	}
	return print(map[string]any{
		"count": count, "size": c.N, "sha256": fmt.Sprintf("%x", all.Sum(nil))})
}
