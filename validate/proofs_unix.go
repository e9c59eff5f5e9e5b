//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package validate

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"
)

// lockProofs locks a file until it is closed or the process ends, however that
// ends. Where a file system knows no locks it does without.
func lockProofs(file *os.File) error {
	if errors.Is(syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB), syscall.EWOULDBLOCK) {
		return ErrProofsBusy
	}
	return nil
}

// untrusted says why a file cannot be trusted, "" when it can.
func untrusted(info fs.FileInfo) string {
	if mode := info.Mode().Perm(); mode&0o022 != 0 {
		return fmt.Sprintf("its mode %04o lets others write to it", mode)
	}
	if s, ok := info.Sys().(*syscall.Stat_t); ok && s.Uid != 0 && int(s.Uid) != os.Geteuid() {
		return fmt.Sprintf("it belongs to another user (%d)", s.Uid)
	}
	return ""
}
