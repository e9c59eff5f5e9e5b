//go:build !(linux || darwin || freebsd || netbsd || openbsd || dragonfly)

package logs

import "os"

// hold does nothing: here two downloads into one folder are not told apart.
func hold(*os.File) error { return nil }
