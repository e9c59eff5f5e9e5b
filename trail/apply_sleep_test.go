package trail

import (
	"context"
	"errors"
	"testing"
)

func TestSleepAfterTheEnd(t *testing.T) {
	why := errors.New("enough")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(why)
	for range 200 {
		if err := Sleep(ctx, 0); !errors.Is(err, why) {
			t.Fatalf("%v, want %v", err, why)
		}
	}
}
