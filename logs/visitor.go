package logs

// Visitor looks at records where they are read: in the workers of a walk, of
// which each has a visitor of its own. So what a visitor gathers needs no
// lock, and is added up when the walk has ended.
type Visitor interface {
	// File is called before the records of a file, with its uncompressed
	// bytes. With false no record of the file can be wanted: a file that looks
	// sound (it begins with a list of records, the first of which is one, and
	// ends with the list's end) is then not walked through, and is yielded with
	// Unread set and no count of its records. Any other file is walked through
	// all the same, so that damage is told.
	File(f *File, data []byte) bool
	// Record tells whether a record is wanted: only those are in the file's
	// Records. The record may not be kept beyond the call.
	Record(f *File, r *Record) bool
}
