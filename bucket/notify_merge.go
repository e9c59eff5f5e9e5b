package bucket

import (
	"fmt"
	"slices"
	"strings"
)

// NotificationChange is one entry before and after, and the configuration
// around it.
type NotificationChange struct {
	Before, After Notifications
	Changed       bool
	Name          string // the Id of the entry that carries the notification
	Old, New      *Entry // the entry; nil where there is none
	Notes         []string
}

// Field is a setting before and after, in the names of S3's API.
type Field struct {
	Name, Before, After string
}

// Fields are what differs between Old and New.
func (c NotificationChange) Fields() []Field {
	values := func(e *Entry) [5]string {
		if e == nil {
			return [5]string{}
		}
		return [5]string{e.ID, e.Destination, strings.Join(e.Events, ", "), e.Prefix, e.Suffix}
	}
	before, after := values(c.Old), values(c.New)
	var out []Field
	for i, name := range []string{"Id", "TopicArn", "Events", "Prefix", "Suffix"} {
		if before[i] != after[i] {
			out = append(out, Field{name, before[i], after[i]})
		}
	}
	return out
}

// Put merges a notification into a configuration. All other entries, their
// order, and the EventBridge setting stay. An entry that does the same under
// whatever name is enough; one of the same name for the same topic is changed
// in place. One of the same name for anything else is somebody else's:
// ErrNameTaken. It fails with ErrOverlap, which names the other entry, when S3
// would refuse the result.
func (n Notifications) Put(w Notification) (NotificationChange, error) {
	w = w.complete()
	wanted := newEntry("topic", &w.Name, &w.TopicARN, nil, nil)
	wanted.Events, wanted.Prefix, wanted.Suffix = w.Events, w.Prefix, w.Suffix
	c := NotificationChange{Before: n, After: n, Name: w.Name}

	entries := n.Entries()
	at := slices.IndexFunc(entries, func(e Entry) bool { return e.ID == w.Name })
	if at < 0 || !entries[at].same(wanted) {
		if i := slices.IndexFunc(entries, wanted.same); i >= 0 {
			c.Old, c.New, c.Name = &entries[i], &entries[i], entries[i].ID
			c.Notes = append(c.Notes, fmt.Sprintf("entry %q does the same already", entries[i].ID))
			return c, nil
		}
	}
	if at >= 0 {
		old := entries[at]
		if old.Kind != wanted.Kind || old.Destination != wanted.Destination {
			return c, fmt.Errorf("%w: %s", ErrNameTaken, old)
		}
		c.Old = &old
		if old.same(wanted) {
			c.New = &old
			return c, nil
		}
	}
	for i, e := range entries {
		if i != at && wanted.overlaps(e) {
			return c, fmt.Errorf("%w: %s would stand beside %s", ErrOverlap, wanted, e)
		}
	}
	c.Changed, c.New = true, &wanted
	list := slices.Clone(n.TopicConfigurations)
	if at >= 0 { // topics come first in Entries
		list[at] = w.entry()
	} else {
		list = append(list, w.entry())
	}
	c.After.TopicConfigurations = list
	return c, nil
}

// Remove takes one entry out: that of a name, which must notify the topic if
// one is given; or, without a name, that of the topic's default name. An entry
// of another name that notifies the topic stays, and a note names it.
func (n Notifications) Remove(name, topicARN string) (NotificationChange, error) {
	if name == "" {
		name = DefaultNotificationName(topicARN)
	}
	c := NotificationChange{Before: n, After: n, Name: name}
	for i, e := range n.Entries() {
		switch {
		case e.ID != name:
			if topicARN != "" && e.Destination == topicARN {
				c.Notes = append(c.Notes, fmt.Sprintf("%s also notifies this topic, and stays", e))
			}
			continue
		case e.Kind != "topic", topicARN != "" && e.Destination != topicARN:
			return c, fmt.Errorf("%w: %s", ErrNameTaken, e)
		}
		c.Changed, c.Old = true, &e
		c.After.TopicConfigurations = slices.Delete(slices.Clone(n.TopicConfigurations), i, i+1)
	}
	return c, nil
}
