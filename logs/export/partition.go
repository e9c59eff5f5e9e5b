package export

import (
	"cmp"
	"fmt"
	"time"
)

// partition is the folder that a record belongs to: the number of days or
// hours since 1970, or none.
type partition struct {
	known bool // false: no time, or no split
	at    int64
}

// Hive's name for the partition of records that have no value for it; DuckDB
// and Spark read it as null.
const nullPartition = "__HIVE_DEFAULT_PARTITION__"

func partitionOf(s Split, at time.Time, ok bool) partition {
	switch {
	case !ok || s == None:
		return partition{}
	case s == ByHour:
		return partition{true, floor(at.Unix(), 3600)}
	}
	return partition{true, floor(at.Unix(), 86400)}
}

func floor(n, by int64) int64 {
	q := n / by
	if n%by < 0 {
		q--
	}
	return q
}

// compare orders by time; what has none comes last.
func (p partition) compare(q partition) int {
	if p.known != q.known {
		if p.known {
			return -1
		}
		return 1
	}
	return cmp.Compare(p.at, q.at)
}

// file is the path of a file of the partition.
func (p partition) file(s Split, number int, ext string) string {
	name := fmt.Sprintf("part-%05d%s", number, ext)
	switch s {
	case None:
		return name
	case ByHour:
		at := time.Unix(p.at*3600, 0).UTC()
		if !p.known {
			return fmt.Sprintf("event_date=%s/event_hour=%s/%s", nullPartition, nullPartition, name)
		}
		return fmt.Sprintf("event_date=%s/event_hour=%s/%s", at.Format(time.DateOnly), at.Format("15"), name)
	}
	if !p.known {
		return fmt.Sprintf("event_date=%s/%s", nullPartition, name)
	}
	return fmt.Sprintf("event_date=%s/%s", time.Unix(p.at*86400, 0).UTC().Format(time.DateOnly), name)
}
