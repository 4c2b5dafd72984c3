//go:build tools

// Package tools names the program that this module builds besides its own.
//
// SPDX-License-Identifier: EUPL-1.2
package main

import _ "filippo.io/torchwood/cmd/litewitness"
