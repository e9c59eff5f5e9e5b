package trail

import (
	"context"
	"errors"
	"maps"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/iam"

	"trailctl/internal/policy"
)

const ec2Trust = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}]}`

func theirRole(trust string) *fakeRole {
	return &fakeRole{trust: trust, inline: map[string]string{}, attached: []string{"arn:aws:iam::aws:policy/AdministratorAccess"}, tags: map[string]string{}}
}

func withGroup() Spec {
	return Spec{Name: "audit", Region: home, Bucket: "logs", LogGroup: ptr("events"), CreateLogGroup: true}
}

// A role that happens to have the default name is not opened to CloudTrail.
func TestForeignRoleOfDefaultName(t *testing.T) {
	tests := map[string]struct {
		role func() *fakeRole
		err  error
	}{
		"not for CloudTrail": {func() *fakeRole { return theirRole(ec2Trust) }, ErrRoleTaken},
		"of another trail": {func() *fakeRole {
			r := theirRole(ec2Trust)
			r.tags[OwnerTag] = "other"
			return r
		}, ErrRoleTaken},
		"for CloudTrail": {func() *fakeRole { return theirRole(statements([]policy.Grant{trustGrant()})) }, nil},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			f := settled()
			role := tt.role()
			f.roles[DefaultRole("audit")] = role
			cur, err := Describe(t.Context(), f.clients(), withGroup())
			if err != nil {
				t.Fatal(err)
			}
			p, err := Diff(withGroup(), cur)
			if !errors.Is(err, tt.err) {
				t.Fatalf("got %v, want %v", err, tt.err)
			}
			if err == nil {
				if text := wording(p); !strings.Contains(text, "is there, and is left as it is") || !strings.Contains(text, "was not made by trailctl") {
					t.Error(text)
				}
			}
			if role.trust != tt.role().trust || len(role.inline) > 0 {
				t.Errorf("it was changed: %+v", role)
			}
		})
	}
}

// takenIAM has somebody make the role after it was looked for.
type takenIAM struct {
	fakeIAM
	role *fakeRole
}

func (f takenIAM) CreateRole(ctx context.Context, in *iam.CreateRoleInput, o ...func(*iam.Options)) (*iam.CreateRoleOutput, error) {
	f.roles[*in.RoleName] = f.role
	return f.fakeIAM.CreateRole(ctx, in, o...)
}

// A role that somebody made meanwhile is not opened either; one that has our
// tag is this call's own work, whose answer was lost.
func TestRoleTakenMeanwhile(t *testing.T) {
	ours := theirRole(statements([]policy.Grant{trustGrant()}))
	ours.tags, ours.attached = maps.Clone(ownerTags("audit")), nil
	for name, tt := range map[string]struct {
		role *fakeRole
		err  error
	}{"theirs": {theirRole(ec2Trust), ErrRoleTaken}, "ours": {ours, nil}} {
		t.Run(name, func(t *testing.T) {
			f := settled()
			trust := tt.role.trust
			clients := f.clients()
			clients.IAM = func() IAM { return takenIAM{fakeIAM{f}, tt.role} }
			cur, err := Describe(t.Context(), clients, withGroup())
			if err != nil {
				t.Fatal(err)
			}
			p, err := Diff(withGroup(), cur)
			if err != nil {
				t.Fatal(err)
			}
			if _, err = Apply(t.Context(), clients, p, Options{Sleep: noSleep}); !errors.Is(err, tt.err) {
				t.Errorf("got %v, want %v", err, tt.err)
			}
			if tt.role.trust != trust {
				t.Errorf("its trust policy was changed: %s", tt.role.trust)
			}
		})
	}
}
