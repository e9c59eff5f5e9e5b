//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package logs

import (
	"errors"
	"os"
	"syscall"
)

// hold locks a file until it is closed or the process ends, however that
// ends. Where a file system knows no locks it does without.
func hold(file *os.File) error {
	err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return ErrBusy
	}
	return nil
}
