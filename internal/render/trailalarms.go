package render

import (
	"fmt"
	"io"
	"strings"

	"trailctl/trail"
)

// AlarmsText writes for people what watches a trail's log group.
func AlarmsText(w io.Writer, r trail.AlarmResult) error {
	rows := [][2]string{{"Trail", r.Trail.Name}, {"Log group", r.Group}}
	for _, topic := range r.Topics {
		rows = append(rows, [2]string{"Alarms tell", topic})
	}
	rows = append(rows, [2]string{"Metric filters", tally(r.Filters)}, [2]string{"Alarms", tally(r.Alarms)})
	if r.Unheard {
		rows = append(rows, [2]string{"Subscribers", "none confirmed: nobody hears of an alarm"})
	}
	return pairs(w, rows)
}

func tally(t trail.Tally) string {
	var words []string
	for _, n := range []struct {
		count int
		word  string
	}{{t.Made, "made"}, {t.Changed, "changed"}, {t.Kept, "kept"}} {
		if n.count > 0 {
			words = append(words, fmt.Sprintf("%d %s", n.count, n.word))
		}
	}
	if len(words) == 0 {
		return "none"
	}
	return strings.Join(words, ", ")
}
