//go:build !(linux || darwin || freebsd || netbsd || openbsd || dragonfly)

package sandbox

import "os"

// hold does nothing: here two sandboxes in one folder are not told apart.
func hold(*os.File) bool { return true }
