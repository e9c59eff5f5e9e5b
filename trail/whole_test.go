package trail

import (
	"context"
	"errors"
	"slices"
	"testing"

	"trailctl/bucket"
)

// everything makes a trail with every option and reads it back.
func everything(t *testing.T) (*fakeAWS, Trail) {
	t.Helper()
	f := settled()
	_, r, err := create(t, f, everyOption(t), Options{})
	if err != nil {
		t.Fatal(err)
	}
	found, err := Find(t.Context(), func(r string) Finder { return fakeTrails{f, r} }, home, r.Trail.Name)
	if err != nil {
		t.Fatal(err)
	}
	f.calls = nil
	return f, found
}

func TestReadWhole(t *testing.T) {
	f, tr := everything(t)
	w, err := ReadWhole(t.Context(), f.clients(), tr)
	if err != nil || len(w.Unread) > 0 {
		t.Fatalf("%v, unread %v", err, w.Unread)
	}
	for what, ok := range map[string]bool{
		"logging": w.Logging, "tags": w.Tags["team"] == "security", "account": w.Account.ID == account,
		"selectors":     w.Selectors != nil && len(w.Selectors.Advanced) == 1,
		"insights":      w.Insights != nil && slices.Equal(w.Insights.Names(), []string{CallRate}),
		"bucket":        w.Bucket != nil && w.Bucket.Region == home && w.Bucket.Policy != "",
		"notifications": w.Bucket.Notifications != nil && len(w.Bucket.Notifications.Entries()) == 2 && w.Bucket.Notifications.EventBridge(),
		"topic":         w.Topic != nil && w.Topic.ARN == topicHome && w.Topic.Name == "news" && w.Topic.Policy != "" && w.Topic.Tags[OwnerTag] == "audit",
		"log group":     w.Group != nil && w.Group.ARN == groupHome && w.Group.Retention == 30 && w.Group.Tags[OwnerTag] == "audit",
		"role":          w.Role != nil && w.Role.Name == DefaultRole("audit") && w.Role.Trust != "" && len(w.Role.Inline) == 1 && w.Role.Tags[OwnerTag] == "audit",
		"key":           w.Key != nil && w.Key.ARN == keyHome && w.Key.State == "Enabled" && w.Key.Policy != "" && w.Key.Rotation != nil,
	} {
		if !ok {
			t.Errorf("%s: %+v", what, w)
		}
	}
	if f.mutating > 0 && slices.ContainsFunc(f.calls, func(c string) bool { return c[:3] == "Put" || c[:3] == "Set" }) {
		t.Errorf("something was changed: %v", f.calls)
	}
}

// Whatever call fails, the rest is read, and the part is named.
func TestReadWholeNamesWhatFails(t *testing.T) {
	f, tr := everything(t)
	if _, err := ReadWhole(t.Context(), f.clients(), tr); err != nil {
		t.Fatal(err)
	}
	calls := len(f.calls)
	for k := 1; k <= calls; k++ {
		f.calls, f.failAt, f.failWith = nil, k, api("AccessDeniedException")
		w, err := ReadWhole(t.Context(), f.clients(), tr)
		if err != nil {
			t.Fatal(err)
		}
		named := len(w.Unread)
		if w.Bucket != nil && w.Bucket.Owner != bucket.Account { // whose it is, is not known
			named++
		}
		if named == 0 {
			t.Errorf("call %d (%s) failed and nothing says so", k, f.calls[k-1])
		}
		if named > 1 {
			t.Errorf("call %d (%s) failed and took %v with it", k, f.calls[k-1], w.Unread)
		}
	}
}

func TestReadWholeGone(t *testing.T) {
	f, tr := everything(t)
	clear(f.buckets)
	clear(f.topics)
	clear(f.groups)
	clear(f.roles)
	clear(f.keys)
	w, err := ReadWhole(t.Context(), f.clients(), tr)
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{"topic", "log group", "role", "key"} {
		if !errors.Is(w.Unread[part], ErrGone) {
			t.Errorf("%s: %v", part, w.Unread[part])
		}
	}
	if w.Bucket == nil || w.Bucket.Owner != bucket.Nobody || len(w.Unread) != 4 {
		t.Errorf("bucket %+v, unread %v", w.Bucket, w.Unread)
	}
}

func TestReadWholeEndsWithContext(t *testing.T) {
	f, tr := everything(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := ReadWhole(ctx, f.clients(), tr); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}
