package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"trailctl/internal/render"
)

// junitFile is where the JUnit document goes.
type junitFile struct {
	name   string
	device bool // something else than a file, which is written to and not replaced
}

// openJUnit finds out before a long run whether the document can be written.
func openJUnit(name string) (*junitFile, error) {
	j := &junitFile{name: name}
	info, err := os.Stat(name)
	switch {
	case err == nil && info.IsDir():
		return nil, fmt.Errorf("--junit: %s is a folder", name)
	case err == nil && !info.Mode().IsRegular():
		j.device = true
		return j, nil
	case err == nil:
		// A link stays a link.
		if j.name, err = filepath.EvalSymlinks(name); err != nil {
			return nil, fmt.Errorf("--junit: %w", err)
		}
	case !errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("--junit: %w", err)
	}
	probe, err := j.temporary()
	if err != nil {
		return nil, fmt.Errorf("--junit: nothing can be written beside %s: %w", name, err)
	}
	probe.Close()
	return j, os.Remove(probe.Name())
}

func (j *junitFile) temporary() (*os.File, error) {
	return os.CreateTemp(filepath.Dir(j.name), "."+filepath.Base(j.name)+".*")
}

// write replaces the file by a whole document, or leaves it as it was.
func (j *junitFile) write(d render.JUnitDocument) error {
	if j.device {
		f, err := os.OpenFile(j.name, os.O_WRONLY, 0)
		if err != nil {
			return err
		}
		return errors.Join(d.Write(f), f.Close())
	}
	f, err := j.temporary()
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // fails once it was renamed
	if err := d.Write(f); err != nil {
		f.Close()
		return err
	}
	// Whoever publishes the results of a job may be another user.
	if err := errors.Join(f.Chmod(0o644), f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), j.name)
}

// runJUnit runs the check with a JUnit file. When it cannot even begin, the
// file says that: one of an earlier run would tell another tale.
func (o *validateOptions) runJUnit(ctx context.Context) error {
	file, err := openJUnit(o.junit)
	if err != nil {
		return err
	}
	o.junitFile.Store(file)
	err = o.insist(ctx, o.run)
	if exitCode(err) == codeUsage {
		return err
	}
	o.tellJUnit(func() render.JUnitDocument {
		if text, _ := message(err); text != "" {
			return render.JUnitFailure(text)
		}
		return render.JUnitFailure(err.Error())
	})
	return err
}

// tellJUnit writes the document, if one is wanted, and says what went wrong.
func (o *validateOptions) tellJUnit(d func() render.JUnitDocument) bool {
	file := o.junitFile.Swap(nil)
	if file == nil {
		return true
	}
	err := file.write(d())
	if err != nil {
		o.app.complain(fmt.Errorf("writing the JUnit file: %w", err))
		return false
	}
	return true
}
