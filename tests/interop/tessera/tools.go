//go:build tools

// Package tools names the programs that this module is there to build.
//
// SPDX-License-Identifier: EUPL-1.2
package tools

import (
	_ "github.com/transparency-dev/tessera/cmd/examples/posix-oneshot"
	_ "github.com/transparency-dev/tessera/cmd/fsck"
)
