//go:build tools

// Package tools pins the Pulumi CLI: its version stands in go.mod, its checksums and those of all it needs in go.sum.
package tools

import _ "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi"
