package wizard

import (
	"context"
	"errors"
	"io"
	"reflect"
	"strings"
	"testing"
	"time"
)

func terms() Terms {
	refuse := func(word string) func(string) error {
		return func(s string) error {
			if s == word {
				return errors.New(word + " cannot be used")
			}
			return nil
		}
	}
	return Terms{
		Region: "eu-west-1", Regions: []string{"us-east-1", "ap-south-1"},
		CheckName: refuse("bad-name"), CheckBucket: refuse("bad-bucket"), CheckPrefix: refuse("bad-prefix"),
		CheckGroup: refuse("bad-group"), CheckTopic: refuse("bad-topic"),
		DefaultBucket: func(name string) string { return "logs-" + name },
		FindGroup:     func(_ context.Context, name string) (bool, string) { return name == "there", "not found" },
	}
}

func TestLines(t *testing.T) {
	tests := map[string]struct {
		typed string
		want  string // command line; "" for ErrAborted
		shown string // somewhere in what was shown
	}{
		"all defaults": {
			strings.Repeat("\n", 8),
			"trailctl trail create management-events --all-regions --region eu-west-1 --enable-log-file-validation", "[logs-management-events]> ",
		},
		"everything": {
			"audit\n2\neu-west-1, 3\nmine\np/q\nnew\n\nn\n3\ntop\n",
			"trailctl trail create audit --regions eu-west-1,us-east-1 --bucket mine --prefix p/q --log-group new --create-log-group --no-log-file-validation --sns-topic top --notify",
			"not found",
		},
		"the group is there": {
			"audit\n1\n\n\nthere\n\n2\n\n",
			"trailctl trail create audit --all-regions --region eu-west-1 --log-group there --enable-log-file-validation --sns-topic audit", "SNS topic",
		},
		"answers that cannot be used": {
			"bad-name\naudit\n7\nall\nbad-bucket\n\nbad-prefix\n\nbad-group\nnew\nperhaps\nn\ny\n2\nbad-topic\nt\n",
			"trailctl trail create audit --all-regions --region eu-west-1 --log-group new --enable-log-file-validation --sns-topic t",
			"bad-name cannot be used",
		},
		"no region":          {"audit\n2\n,\n2\n" + strings.Repeat("\n", 5), "trailctl trail create audit --regions ap-south-1 --enable-log-file-validation", "at least one region is needed"},
		"quoted":             {"audit\n\n\nit's $HOME\n\n\n\n", "trailctl trail create audit --all-regions --region eu-west-1 --prefix 'it'\\''s $HOME' --enable-log-file-validation", ""},
		"the input ends":     {"audit\n1\n", "", "S3 bucket"},
		"nothing was typed":  {"", "", ""},
		"a line is cut off":  {"audit\n1\n\n\n\ny", "", ""},
		"the home region":    {"audit\n2\n" + strings.Repeat("\n", 6), "trailctl trail create audit --regions eu-west-1 --enable-log-file-validation", "[eu-west-1]> "},
		"regions by no name": {"audit\n2\nmars\n", "", `"mars" is none of these`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var out strings.Builder
			a, err := Ask(context.Background(), terms(), strings.NewReader(tt.typed), &out, 80, true)
			if tt.want == "" {
				if !errors.Is(err, ErrAborted) {
					t.Fatalf("got %v, %v", a, err)
				}
			} else if err != nil || CommandLine(a.Args("eu-west-1")) != tt.want {
				t.Fatalf("got %s, %v\n%s", CommandLine(a.Args("eu-west-1")), err, out.String())
			}
			if !strings.Contains(out.String(), tt.shown) {
				t.Errorf("%q was not shown in\n%s", tt.shown, out.String())
			}
		})
	}
}

func TestInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancelCause(context.Background())
	in, w := io.Pipe()
	defer w.Close()
	why := errors.New("enough")
	time.AfterFunc(10*time.Millisecond, func() { cancel(why) })
	if _, err := Ask(ctx, terms(), in, io.Discard, 80, true); !errors.Is(err, why) {
		t.Fatalf("got %v", err)
	}
}

// What comes after the last answer is left for whoever asks next.
func TestReadsNoFurther(t *testing.T) {
	in := strings.NewReader(strings.Repeat("\n", 7) + "y\n")
	if _, err := Ask(context.Background(), terms(), in, io.Discard, 80, true); err != nil || in.Len() != 2 {
		t.Errorf("%d bytes are left, %v", in.Len(), err)
	}
}

// A form shows what the lines show: every question becomes a field.
func TestFormHasEveryQuestion(t *testing.T) {
	q := &questions{ctx: context.Background(), terms: terms(), scope: everywhere, told: silent}
	var kinds []string
	for _, one := range q.list() {
		kinds = append(kinds, strings.TrimPrefix(reflect.TypeOf(one.field()).String(), "*huh."))
	}
	want := "Input Select[string] MultiSelect[string] Input Input Input Select[bool] Select[bool] Select[string] Input"
	if got := strings.Join(kinds, " "); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
