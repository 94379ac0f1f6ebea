// Package crd carries the definitions that the module is published with.
package crd

import "embed"

// Standard holds the definitions of the standard channel.
//
//go:embed standard/*.yaml
var Standard embed.FS
