//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package sandbox

import (
	"errors"
	"os"
	"syscall"
)

// hold locks an open folder until it is closed or the process ends, however
// that ends. It is false when somebody else has locked it. Where a file system
// knows no locks it does without.
func hold(folder *os.File) bool {
	err := syscall.Flock(int(folder.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	return !errors.Is(err, syscall.EWOULDBLOCK)
}
