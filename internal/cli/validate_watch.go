package cli

import (
	"time"

	"trailctl/internal/render"
	"trailctl/internal/term"
	"trailctl/validate"
)

// validateWatch sees each file as it has been checked.
type validateWatch struct {
	options       *validateOptions
	progress      *term.Progress
	started       time.Time
	digests, logs int
	bytes         int64
	files         []validate.File
	err           error // of writing valid files
}

func (w *validateWatch) file(f validate.File) {
	if f.Digest {
		w.digests++
	} else {
		w.logs, w.bytes = w.logs+1, w.bytes+f.Bytes
	}
	rate := float64(w.logs) / max(time.Since(w.started).Seconds(), 0.001)
	w.progress.Show("%s, %s (%s), %.0f/s", render.Count(w.digests, "digest file"), render.Count(w.logs, "log file"), render.Size(w.bytes), rate)
	if !w.options.verbose {
		return
	}
	if w.options.app.format(w.options.output) == "json" {
		w.files = append(w.files, f)
		return
	}
	if f.Status == validate.Valid && w.err == nil {
		w.progress.Clear()
		w.err = render.ValidFile(w.options.app.streams.Out, f)
	}
}
