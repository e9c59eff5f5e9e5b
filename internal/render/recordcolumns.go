package render

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"trailctl/logs"
)

// RecordColumn is a column of a table of records, or of CSV.
type RecordColumn struct {
	name   string
	layout Column
	cell   func(r *logs.Record, v cellView) string
}

// cellView says for what a cell is made.
type cellView struct {
	zone   *time.Location
	layout string // of times
	brief  bool   // it is to be short: the cells stand on a terminal
}

// usualColumns are those that a table has when nobody says otherwise. In the
// order in which they give way on narrow terminals, the last are resources
// and region.
func usualColumns() []string {
	return []string{"time", "identity", "event", "address", "region", "resources", "error"}
}

// csvColumns are those of CSV when nobody says otherwise: what tells who it
// was, in words and exactly, comes first.
func csvColumns() []string {
	return []string{
		"time", "identity", "userIdentity.arn", "userIdentity.accessKeyId", "event", "address", "userAgent",
		"region", "account", "resources", "error", "id",
	}
}

// The widths from which on a terminal shows the region, the present year, the
// resources and addresses of any length in one piece. Below, who did what from where and how it ended keep
// room enough to be read.
const (
	regionWidth   = 100
	yearWidth     = 120
	resourceWidth = 130
	addressWidth  = 180 // for an IPv6 address on one line
)

// wordColumns are the columns that stand for more than one field, or show
// one in a short form.
func wordColumns() map[string]RecordColumn {
	return map[string]RecordColumn{
		"time":      {layout: Column{Whole: true, Usual: 14}, cell: timeCell},
		"identity":  {layout: Column{Min: 14, Least: 10, Usual: 20, Max: 40, Short: shortIdentity}, cell: func(r *logs.Record, _ cellView) string { return r.Identity().Words() }},
		"event":     {layout: Column{Min: 12, Usual: 32, Max: 48, Keep: true, Short: shortEvent}, cell: func(r *logs.Record, _ cellView) string { return eventWords(r) }},
		"address":   {layout: Column{Min: 15, Usual: 15, Max: 39, Keep: true, Wrap: true}, cell: func(r *logs.Record, _ cellView) string { return withoutDomain(r.SourceAddress()) }},
		"region":    {layout: Column{Min: 14, Usual: 14, Max: 16}, cell: func(r *logs.Record, _ cellView) string { return r.Region() }},
		"resources": {layout: Column{Min: 12, Usual: 24, Max: 40, Middle: true}, cell: resourceCell},
		"error":     {layout: Column{Min: 12, Usual: 14, Max: 32, Keep: true, Short: shortError}, cell: func(r *logs.Record, _ cellView) string { return r.Failure() }},
		"id":        {layout: Column{Usual: 36, Whole: true}, cell: func(r *logs.Record, _ cellView) string { return r.ID() }},
	}
}

// recordFields are the top-level fields that a record may have, as in
// "CloudTrail record contents" of the user guide.
func recordFields() []string {
	return []string{
		"additionalEventData", "addendum", "apiVersion", "awsRegion", "edgeDeviceDetails", "errorCode", "errorMessage",
		"eventCategory", "eventContext", "eventID", "eventName", "eventSource", "eventTime", "eventType", "eventVersion",
		"insightDetails", "managementEvent", "readOnly", "recipientAccountId", "requestID", "requestParameters",
		"resources", "responseElements", "serviceEventDetails", "sessionCredentialFromConsole", "sharedEventID",
		"sourceIPAddress", "tlsDetails", "userAgent", "userIdentity", "vpcEndpointAccountId", "vpcEndpointId",
	}
}

// RecordColumnNames are the names that a column may have without being the
// path of a field below another.
func RecordColumnNames() []string {
	names := slices.Concat(usualColumns(), logs.Words(), recordFields())
	slices.Sort(names)
	return slices.Compact(names)
}

// ParseRecordColumn makes the column of a name: one of RecordColumnNames, or
// the path of a field as logs.ParsePath takes it.
func ParseRecordColumn(name string) (RecordColumn, error) {
	if c, ok := wordColumns()[name]; ok {
		c.name, c.layout.Head = name, strings.ToUpper(name)
		return c, nil
	}
	path, err := logs.ParsePath(name)
	if err != nil {
		return RecordColumn{}, err
	}
	head := name
	if slices.Contains(logs.Words(), name) {
		head = strings.ToUpper(name)
	}
	return RecordColumn{
		name:   name,
		layout: Column{Head: head, Min: max(12, len(head)), Usual: 16, Max: 48, Whole: copied(name)},
		cell:   func(r *logs.Record, _ cellView) string { return pathCell(path, r) },
	}, nil
}

// copied tells whether the values of a field are there to be copied: IDs,
// names of resources, addresses.
func copied(path string) bool {
	last := strings.ToLower(path[strings.LastIndexByte(path, '.')+1:])
	return strings.HasSuffix(last, "id") || strings.HasSuffix(last, "arn") || strings.HasSuffix(last, "address") ||
		last == "arns" || last == "eventtime" || last == "resource"
}

// pathCell is all values of a path.
func pathCell(path logs.Path, r *logs.Record) string {
	var cell strings.Builder
	path.Each(r, func(text []byte) bool {
		if cell.Len() > 0 {
			cell.WriteString(", ")
		}
		cell.Write(text)
		return true
	})
	return cell.String()
}

func timeCell(r *logs.Record, v cellView) string {
	t, ok := r.Time()
	if !ok {
		return ""
	}
	if v.zone != nil {
		t = t.In(v.zone)
	}
	return t.Format(v.layout)
}

// eventWords writes the event like an action in a policy: service and name.
func eventWords(r *logs.Record) string {
	name, source := r.Name(), r.Source()
	if insight, from := r.Insight(); name == "" && insight != "" {
		name, source = "Insight("+insight+")", from
	}
	if s := withoutDomain(source); s != "" {
		return s + ":" + name
	}
	return name
}

// resourceCell names the resources by the last part of their ARNs. Where
// space is short it names the first and counts the others.
func resourceCell(r *logs.Record, v cellView) string {
	var names []string
	for _, res := range r.Resources() {
		if name := shortResource(res); name != "" {
			names = append(names, name)
		}
	}
	switch {
	case len(names) == 0:
		return ""
	case v.brief && len(names) > 1:
		return fmt.Sprintf("%s +%d", names[0], len(names)-1)
	}
	return strings.Join(names, ", ")
}

func shortResource(res logs.Resource) string {
	parts := strings.SplitN(res.ARN, ":", 6)
	if len(parts) < 6 {
		return res.ARN
	}
	name := strings.TrimSuffix(parts[5], ":*")
	if parts[2] == "s3" { // the bucket and the key tell only together
		return name
	}
	if i := strings.LastIndexByte(name, '/'); i >= 0 && i < len(name)-1 {
		return name[i+1:]
	}
	if i := strings.LastIndexByte(name, ':'); i >= 0 && i < len(name)-1 {
		return name[i+1:]
	}
	return name
}

// chooseColumns are the columns asked for, or the usual ones that fit.
func chooseColumns(o RecordOptions) []RecordColumn {
	if len(o.Columns) > 0 {
		return o.Columns
	}
	names := usualColumns()
	switch {
	case o.Format == "csv":
		names = csvColumns()
	case o.Wide:
		names = append(names, "id")
	case o.Terminal.Width > 0:
		names = slices.DeleteFunc(names, func(name string) bool {
			return name == "region" && o.Terminal.Width < regionWidth || name == "resources" && o.Terminal.Width < resourceWidth
		})
	}
	var columns []RecordColumn
	for _, name := range names {
		c, err := ParseRecordColumn(name)
		if err != nil {
			panic(err) // they are part of this program
		}
		columns = append(columns, c)
	}
	return columns
}

// view says how cells are made for a table.
func (o RecordOptions) view() cellView {
	if o.Terminal.Width == 0 {
		return cellView{zone: o.Zone, layout: time.RFC3339}
	}
	return cellView{zone: o.Zone, layout: time.DateTime, brief: !o.Wide}
}
