package cloudtrail

import (
	"os"
	"path/filepath"
	"testing"
)

// A line whose end could not be written does not spoil the next one.
func TestLineAfterAHalfOne(t *testing.T) {
	name := filepath.Join(t.TempDir(), "lines")
	l, err := openLines(name, os.O_EXCL)
	if err != nil {
		t.Fatal(err)
	}
	defer l.close()
	steps := []string{"one\n", "two\n"}
	for _, line := range steps {
		if err := l.append([]byte(line)); err != nil {
			t.Fatal(err)
		}
		if _, err := l.f.WriteString("ha"); err != nil {
			t.Fatal(err)
		}
		l.torn = true
	}
	if err := l.append([]byte("three\n")); err != nil {
		t.Fatal(err)
	}
	if text, err := os.ReadFile(name); string(text) != "one\ntwo\nthree\n" || err != nil {
		t.Errorf("%q %v", text, err)
	}
	if again, err := openLines(name, 0); err != nil || again.size != l.size {
		t.Errorf("opened again: %+v %v", again, err)
	} else {
		again.close()
	}
	if _, err := openLines(name, os.O_EXCL); err == nil {
		t.Error("a new file was made where one is")
	}
}
