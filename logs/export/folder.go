package export

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"
)

const (
	// ManifestName is the file in the folder that says what the export is
	// made of. Query engines pass over names with an underscore in front. It
	// comes last: without it an export is not whole.
	ManifestName = "_export.json"

	tempFolder = ".trailctl-export"
	// moving is written before the first file is moved to its name, and
	// names all that will be: a run that was killed meanwhile leaves it, and
	// the next one takes back what it did.
	moving = tempFolder + "/moving.json"
)

// NotEmptyError says that the folder has something in it.
type NotEmptyError struct {
	Folder string
	// Export says that it is an earlier export, which Options.Replace would
	// take away.
	Export bool
}

func (e *NotEmptyError) Error() string {
	if e.Export {
		return fmt.Sprintf("%s holds an export already", e.Folder)
	}
	return fmt.Sprintf("%s is not empty, and what is in it is no export", e.Folder)
}

// folder is where an export goes.
type folder struct {
	root    *os.Root
	name    string
	made    bool // by this run
	old     []string
	whole   bool // the export has been moved to its names
	present bool // an earlier export is there
}

// openFolder makes the folder when there is none, clears what a killed run
// left in it, and makes the temporary folder.
func openFolder(name string, replace bool) (*folder, error) {
	f := &folder{name: name}
	switch info, err := os.Stat(name); {
	case errors.Is(err, fs.ErrNotExist):
		f.made = true
	case err == nil && !info.IsDir():
		return nil, fmt.Errorf("%s is a file, not a folder", name)
	}
	if err := os.MkdirAll(name, 0o700); err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(name)
	if err != nil {
		return nil, err
	}
	f.root = root
	if err := f.prepare(replace); err != nil {
		root.Close()
		return nil, err
	}
	return f, nil
}

func (f *folder) prepare(replace bool) error {
	if err := f.recover(); err != nil {
		return fmt.Errorf("clearing what an unfinished export left in %s: %w", f.name, err)
	}
	entries, err := fs.ReadDir(f.root.FS(), ".")
	if err != nil {
		return err
	}
	if len(entries) > 0 {
		old, err := f.earlier()
		if err != nil || !replace {
			return &NotEmptyError{Folder: f.name, Export: err == nil}
		}
		f.old, f.present = old, true
	}
	return f.root.Mkdir(tempFolder, 0o700)
}

// recover takes back what a run that was killed has done.
func (f *folder) recover() error {
	if _, err := f.root.Lstat(tempFolder); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if raw, err := f.root.ReadFile(moving); err == nil {
		var names []string
		if err := json.Unmarshal(raw, &names); err != nil {
			names = nil // it was being written: nothing has been moved
		}
		if err := f.remove(names); err != nil {
			return err
		}
	}
	return f.root.RemoveAll(tempFolder)
}

// earlier are the files of the export that is in the folder.
func (f *folder) earlier() ([]string, error) {
	raw, err := f.root.ReadFile(ManifestName)
	if err != nil {
		return nil, err
	}
	var m Manifest
	if err := json.Unmarshal(raw, &m); err != nil {
		return nil, err
	}
	if m.Version != 1 || m.Format == "" {
		return nil, errors.New("not the manifest of an export")
	}
	names := []string{ManifestName}
	for _, file := range m.Files {
		names = append(names, file.Path)
	}
	return names, nil
}

// remove takes files away, and the folders that become empty. Names come out
// of a file: the root keeps them from leading out of the folder.
func (f *folder) remove(names []string) error {
	for _, name := range names {
		if err := f.root.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		for dir := path.Dir(name); dir != "." && dir != "/"; dir = path.Dir(dir) {
			if f.root.Remove(dir) != nil {
				break // something is in it
			}
		}
	}
	return nil
}

// publish moves whole files to their names, in place of an earlier export's.
func (f *folder) publish(files []*part, manifest []byte) error {
	names := []string{ManifestName}
	for _, p := range files {
		names = append(names, p.name)
	}
	for _, name := range names {
		if _, err := f.root.Lstat(name); err == nil && !slices.Contains(f.old, name) {
			return fmt.Errorf("%s came into %s while the export was made: it is left as it is", name, f.name)
		}
	}
	// What is taken away counts as undone, too: half of an earlier export
	// is none.
	raw, err := json.Marshal(slices.Concat(f.old, names))
	if err != nil {
		return err
	}
	if err := f.root.WriteFile(tempFolder+"/manifest", manifest, 0o600); err != nil {
		return err
	}
	if err := f.root.WriteFile(moving, raw, 0o600); err != nil {
		return err
	}
	if err := f.remove(f.old); err != nil {
		return err
	}
	for _, p := range files {
		if err := f.move(p.temp, p.name); err != nil {
			return err
		}
	}
	if err := f.move(tempFolder+"/manifest", ManifestName); err != nil {
		return err
	}
	f.whole = true
	return nil
}

// move gives a file its name.
func (f *folder) move(temp, name string) error {
	if err := f.root.MkdirAll(path.Dir(name), 0o700); err != nil {
		return err
	}
	return f.root.Rename(temp, name)
}

// close takes temporary files away, and what was moved of an export that did
// not become whole.
func (f *folder) close() error {
	defer f.root.Close()
	var err error
	if !f.whole {
		err = f.recover()
	} else {
		err = f.root.RemoveAll(tempFolder)
	}
	if err == nil && f.made && !f.whole {
		_ = os.Remove(f.name) // unless something lies in it now
	}
	return err
}
