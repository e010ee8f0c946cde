//go:build tools

// Package tools pins actionlint: its version stands in go.mod, its checksums and those of all it needs in go.sum.
package tools

import _ "github.com/rhysd/actionlint/cmd/actionlint"
