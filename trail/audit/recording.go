package audit

import (
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail/types"

	"trailctl/trail"
)

// coverage is what of a kind of event a trail records.
type coverage struct {
	read, write extent
}

// extent is how far one side, reading or writing, is recorded.
type extent struct {
	some bool // at least a part
	// all is true when nothing is left out; except names the sources that
	// are left out when those are all that is.
	all    bool
	except []string
}

// add takes a further selector into account: what one leaves out, another
// may record.
func (e *extent) add(whole bool, except []string) {
	switch {
	case !e.some:
		*e = extent{some: true, all: whole && len(except) == 0, except: except}
		if !whole {
			e.except = nil
		}
	case whole && len(except) == 0:
		e.all, e.except = true, nil
	case whole && !e.all:
		if len(e.except) == 0 {
			e.except = except
			return
		}
		e.except = slices.DeleteFunc(slices.Clone(e.except), func(s string) bool { return !slices.Contains(except, s) })
		e.all = len(e.except) == 0
	}
}

// managementEvents is what a trail records of management events (CloudTrail
// API reference, PutEventSelectors). A trail without selectors of its own
// records all of them.
func managementEvents(t trail.Trail, sel *trail.Selectors) coverage {
	var c coverage
	if len(sel.Basic) == 0 && len(sel.Advanced) == 0 && !t.CustomSelectors {
		c.read, c.write = extent{some: true, all: true}, extent{some: true, all: true}
		return c
	}
	for _, s := range sel.Basic {
		// AWS answers both; a missing value means true and All.
		if s.IncludeManagementEvents == nil || *s.IncludeManagementEvents {
			c.add(s.ReadWriteType, true, s.ExcludeManagementEventSources)
		}
	}
	for _, s := range sel.Advanced {
		if category(s) != "Management" {
			continue
		}
		kind, whole, except := types.ReadWriteTypeAll, true, []string(nil)
		for _, f := range s.FieldSelectors {
			switch aws.ToString(f.Field) {
			case "eventCategory":
			case "readOnly":
				kind = readOnlyKind(f)
			case "eventSource":
				if len(f.NotEquals) == 0 || len(f.Equals)+len(f.StartsWith)+len(f.EndsWith)+len(f.NotStartsWith)+len(f.NotEndsWith) > 0 {
					whole = false
				}
				except = f.NotEquals
			default:
				whole = false
			}
		}
		c.add(kind, whole, except)
	}
	return c
}

// s3Objects is what a trail records of the objects of all buckets. Selectors
// that name buckets or leave some out are not all.
func s3Objects(sel *trail.Selectors) coverage {
	var c coverage
	for _, s := range sel.Basic {
		for _, d := range s.DataResources {
			if aws.ToString(d.Type) == s3Object && slices.ContainsFunc(d.Values, allBuckets) {
				c.add(s.ReadWriteType, true, nil)
			}
		}
	}
	for _, s := range sel.Advanced {
		if category(s) != "Data" {
			continue
		}
		kind, ofS3, whole := types.ReadWriteTypeAll, false, true
		for _, f := range s.FieldSelectors {
			switch aws.ToString(f.Field) {
			case "eventCategory":
			case "resources.type":
				ofS3 = slices.Contains(f.Equals, s3Object)
			case "readOnly":
				kind = readOnlyKind(f)
			case "resources.ARN":
				whole = whole && slices.ContainsFunc(f.StartsWith, allBuckets) && len(f.NotEquals)+len(f.NotStartsWith)+len(f.NotEndsWith)+len(f.EndsWith) == 0
			default:
				whole = false
			}
		}
		if ofS3 {
			c.add(kind, whole, nil)
		}
	}
	return c
}

const s3Object = "AWS::S3::Object"

// allBuckets tells the ARN that stands for every bucket: arn:aws:s3 or
// arn:aws:s3::: (CloudTrail API reference, DataResource).
func allBuckets(arn string) bool {
	parts := strings.Split(strings.TrimRight(arn, ":"), ":")
	return len(parts) == 3 && parts[0] == "arn" && parts[2] == "s3"
}

func (c *coverage) add(kind types.ReadWriteType, whole bool, except []string) {
	if kind != types.ReadWriteTypeWriteOnly {
		c.read.add(whole, except)
	}
	if kind != types.ReadWriteTypeReadOnly {
		c.write.add(whole, except)
	}
}

// readOnlyKind reads the field readOnly, which takes Equals only.
func readOnlyKind(f types.AdvancedFieldSelector) types.ReadWriteType {
	yes, no := slices.Contains(f.Equals, "true"), slices.Contains(f.Equals, "false")
	switch {
	case yes && !no:
		return types.ReadWriteTypeReadOnly
	case no && !yes:
		return types.ReadWriteTypeWriteOnly
	}
	return types.ReadWriteTypeAll
}

func category(s types.AdvancedEventSelector) string {
	for _, f := range s.FieldSelectors {
		if aws.ToString(f.Field) == "eventCategory" && len(f.Equals) == 1 {
			return f.Equals[0]
		}
	}
	return ""
}

// String says for people what of a kind is recorded.
func (c coverage) String() string {
	return "read: " + c.read.String() + ", write: " + c.write.String()
}

func (e extent) String() string {
	switch {
	case !e.some:
		return "none"
	case e.all:
		return "all"
	case len(e.except) > 0:
		return "all but " + strings.Join(e.except, " and ")
	}
	return "some"
}
