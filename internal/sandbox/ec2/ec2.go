// Package ec2 is as much of Amazon EC2 as the sandbox needs: the list of
// regions. It has no instances.
package ec2

import (
	"encoding/xml"
	"fmt"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"

	"trailctl/internal/sandbox/call"
	"trailctl/internal/sandbox/query"
)

const namespace = "http://ec2.amazonaws.com/doc/2016-11-15/"

// Service is EC2.
type Service struct{ enabled []string }

// New makes the service of an account that has these regions enabled.
func New(enabled []string) *Service { return &Service{enabled: enabled} }

// Serves tells whether the service knows an operation.
func Serves(name string) bool { return name == "DescribeRegions" }

// optIn are the regions that an account must enable before use (AWS account
// management guide, "Enable or disable AWS Regions"; assumption A42).
var optIn = []string{
	"af-south-1", "ap-east-1", "ap-east-2", "ap-south-2", "ap-southeast-3", "ap-southeast-4", "ap-southeast-5",
	"ap-southeast-7", "ca-west-1", "eu-central-2", "eu-south-1", "eu-south-2", "il-central-1", "me-central-1",
	"me-south-1", "mx-central-1",
}

type region struct {
	Name        string `xml:"regionName"`
	Endpoint    string `xml:"regionEndpoint"`
	OptInStatus string `xml:"optInStatus"`
}

// Serve answers one call of an operation that Serves knows.
func (s *Service) Serve(w http.ResponseWriter, c *call.Call) {
	if !Serves(c.Operation) {
		c.Unrecorded = true
		query.FailEC2(w, c, call.NotServed("ec2", c.Operation))
		return
	}
	c.EventSource, c.ReadOnly = "ec2.amazonaws.com", true
	form := query.Form(c)
	c.RequestParameters = recorded(form)
	list, refused := s.describeRegions(form)
	if refused != nil {
		query.FailEC2(w, c, refused)
		return
	}
	query.Reply(w, struct {
		XMLName   xml.Name `xml:"DescribeRegionsResponse"`
		Namespace string   `xml:"xmlns,attr"`
		RequestID string   `xml:"requestId"`
		Regions   []region `xml:"regionInfo>item"`
	}{Namespace: namespace, RequestID: c.RequestID, Regions: list})
}

func (s *Service) all(form url.Values) []region {
	var list []region
	add := func(name, status string) {
		list = append(list, region{name, "ec2." + name + ".amazonaws.com", status})
	}
	for _, name := range s.enabled {
		if slices.Contains(optIn, name) {
			add(name, "opted-in")
		} else {
			add(name, "opt-in-not-required")
		}
	}
	if form.Get("AllRegions") == "true" {
		for _, name := range optIn {
			if !slices.Contains(s.enabled, name) {
				add(name, "not-opted-in")
			}
		}
	}
	slices.SortFunc(list, func(a, b region) int { return strings.Compare(a.Name, b.Name) })
	return list
}

func (s *Service) describeRegions(form url.Values) ([]region, *call.Error) {
	list := s.all(form)
	names := numbered(form, "RegionName")
	for _, name := range names {
		if !slices.ContainsFunc(list, func(r region) bool { return r.Name == name }) {
			return nil, &call.Error{Status: 400, Code: "InvalidParameterValue",
				Message: fmt.Sprintf("Invalid region name: %.100s", name)}
		}
	}
	if len(names) > 0 {
		list = slices.DeleteFunc(list, func(r region) bool { return !slices.Contains(names, r.Name) })
	}
	for i := 1; form.Has(fmt.Sprintf("Filter.%d.Name", i)); i++ {
		filter := fmt.Sprintf("Filter.%d.", i)
		field, known := fields[form.Get(filter+"Name")]
		if !known {
			return nil, &call.Error{Status: 400, Code: "InvalidParameterValue",
				Message: fmt.Sprintf("The filter '%.100s' is invalid", form.Get(filter+"Name"))}
		}
		values := numbered(form, filter+"Value")
		list = slices.DeleteFunc(list, func(r region) bool {
			return !slices.ContainsFunc(values, func(v string) bool { return matches(v, field(r)) })
		})
	}
	return list, nil
}

// fields are what regions are filtered by.
var fields = map[string]func(region) string{
	"region-name":   func(r region) string { return r.Name },
	"endpoint":      func(r region) string { return r.Endpoint },
	"opt-in-status": func(r region) string { return r.OptInStatus },
}

// matches applies a filter's value, which may hold * and ?.
func matches(pattern, v string) bool {
	ok, err := path.Match(strings.NewReplacer("[", `\[`, "\\", `\\`).Replace(pattern), v)
	return ok && err == nil
}

// numbered reads a list from NAME.1, NAME.2 and so on.
func numbered(form url.Values, name string) []string {
	var list []string
	for i := 1; form.Has(fmt.Sprintf("%s.%d", name, i)); i++ {
		list = append(list, form.Get(fmt.Sprintf("%s.%d", name, i)))
	}
	return list
}

// recorded is how EC2 writes the parameters of DescribeRegions into records.
func recorded(form url.Values) map[string]any {
	regions := map[string]any{}
	items := []any{}
	for _, name := range numbered(form, "RegionName") {
		items = append(items, map[string]any{"regionName": name})
	}
	if len(items) > 0 {
		regions["items"] = items
	}
	out := map[string]any{"regionSet": regions}
	if form.Has("AllRegions") {
		out["allRegions"] = form.Get("AllRegions") == "true"
	}
	return out
}
