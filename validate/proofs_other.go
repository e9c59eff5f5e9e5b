//go:build !(linux || darwin || freebsd || netbsd || openbsd || dragonfly)

package validate

import (
	"io/fs"
	"os"
)

// lockProofs does nothing: here two runs over one file are not told apart.
func lockProofs(*os.File) error { return nil }

// untrusted knows nothing of other users here.
func untrusted(fs.FileInfo) string { return "" }
