package trail

import (
	"slices"
	"strings"
)

// Recording is what is asked to be recorded, in words. What is left empty is
// not asked: a trail keeps what it has of it, and a new one records all
// management events and nothing else.
type Recording struct {
	Management string   // "all", "read", "write" or "none"
	Exclude    []string // services whose management events are left out: "kms", "rdsdata"; "none"

	DataEvents []string // short names or names of resource types; "none"
	// Resources are whose: "all" (also other accounts' that somebody of this
	// one uses), "account", or beginnings of ARNs. Empty leaves the types that
	// a trail records already as they are, and is "all" for the others.
	Resources []string

	NetworkEvents []string // services: "ec2", "kms.amazonaws.com"; "none"
	// NetworkDenied records only what a VPC endpoint's policy denied.
	NetworkDenied bool
}

const none = "none"

// isNone tells the wish to have none of a thing.
func isNone(list []string) bool { return len(list) == 1 && list[0] == none }

// Asked tells whether anything is asked.
func (r Recording) Asked() bool {
	return r.Management != "" || len(r.Exclude) > 0 || len(r.DataEvents) > 0 || len(r.Resources) > 0 ||
		len(r.NetworkEvents) > 0 || r.NetworkDenied
}

// Validate checks all that can be checked without asking AWS. Errors are of
// ErrSpec.
func (r Recording) Validate() error {
	if err := r.checkManagement(); err != nil {
		return err
	}
	if err := r.checkData(); err != nil {
		return err
	}
	return r.checkNetwork()
}

func (r Recording) checkManagement() error {
	switch r.Management {
	case "", "all", "read", "write":
	case none:
		if len(r.Exclude) > 0 && !isNone(r.Exclude) {
			return refuse("nothing can be excluded from management events that are not recorded")
		}
		if isNone(r.DataEvents) && isNone(r.NetworkEvents) {
			return refuse("a trail must record something")
		}
	default:
		return refuse("management events are all, read, write or none, not %q", r.Management)
	}
	for _, e := range r.Exclude {
		if !isNone(r.Exclude) && !slices.Contains(excludable(), source(e)) {
			return refuse("only kms and rdsdata can be excluded from management events, not %q", e)
		}
	}
	return nil
}

func (r Recording) checkData() error {
	switch {
	case len(r.Resources) > 0 && (len(r.DataEvents) == 0 || isNone(r.DataEvents)):
		return refuse("resources are chosen for data events, and none are asked for")
	case slices.Contains(r.Resources, "all") && len(r.Resources) > 1:
		return refuse("all resources and some of them are asked for at the same time")
	case isNone(r.DataEvents):
		return nil
	}
	var kinds []ResourceType
	for _, name := range r.DataEvents {
		t, _, ok := LookUpType(name)
		if !ok {
			return refuse("there is no resource type %q for data events; besides the short names that are known, names such as AWS::S3::Object are taken as they are", name)
		}
		if slices.ContainsFunc(kinds, func(k ResourceType) bool { return k.Name == t.Name }) {
			return refuse("data events of %s are asked for twice", t.Name)
		}
		kinds = append(kinds, t)
	}
	return r.checkResources(kinds)
}

// checkResources sees to it that every beginning of an ARN is for one of the
// types, and every type has one, or can be narrowed to the account's.
func (r Recording) checkResources(kinds []ResourceType) error {
	if len(r.Resources) == 0 || slices.Contains(r.Resources, "all") {
		return nil
	}
	prefixes := r.prefixes()
	for _, p := range prefixes {
		if err := checkPrefixARN(p); err != nil {
			return err
		}
		if !slices.ContainsFunc(kinds, func(t ResourceType) bool { return takes(t, p, kinds) }) {
			return refuse("no data events are asked for that %s could be a resource of", p)
		}
	}
	account := slices.Contains(r.Resources, "account")
	for _, t := range kinds {
		switch {
		case slices.ContainsFunc(prefixes, func(p string) bool { return takes(t, p, kinds) }), account && t.Owned():
		case account:
			return refuse("the ARNs of %s are not known to tell whose a resource is: give the beginnings of ARNs, or all", t.Name)
		default:
			return refuse("data events of %s are asked for, and no resources of that kind", t.Name)
		}
	}
	return nil
}

// takes tells whether an ARN, or how one begins, is meant for a type among
// others. A type whose ARNs are not known takes what none of the others does.
func takes(t ResourceType, arn string, among []ResourceType) bool {
	if t.Owned() {
		return t.has(arn)
	}
	return !slices.ContainsFunc(among, func(o ResourceType) bool { return o.has(arn) })
}

func checkPrefixARN(p string) error {
	parts := strings.SplitN(p, ":", 6)
	switch {
	case len(parts) < 6 || parts[0] != "arn" || !strings.HasPrefix(parts[1], "aws") || parts[2] == "":
		return refuse("resources are all, account, or beginnings of ARNs such as arn:aws:s3:::BUCKET/, not %q", p)
	case strings.ContainsAny(p, "*?"):
		return refuse("%s: * and ? mean nothing here; an ARN is taken as a beginning", p)
	case parts[2] == "s3" && parts[3] == "" && !strings.Contains(parts[5], "/"):
		return refuse("%s: write %s/ for that bucket alone; without the slash it also means buckets whose names go on from there", p, p)
	}
	return nil
}

// prefixes are the resources that are named by their ARNs.
func (r Recording) prefixes() []string {
	var list []string
	for _, p := range r.Resources {
		if p != "all" && p != "account" {
			list = append(list, p)
		}
	}
	return list
}

func (r Recording) checkNetwork() error {
	if r.NetworkDenied && (len(r.NetworkEvents) == 0 || isNone(r.NetworkEvents)) {
		return refuse("denied network activity can only be recorded of services that are named")
	}
	for i, n := range r.NetworkEvents {
		s := source(n)
		switch {
		case n == none && len(r.NetworkEvents) > 1:
			return refuse("network activity events of no service and of some are asked for at the same time")
		case !sourcePattern.MatchString(s):
			return refuse("network activity events are of services such as ec2 or kms.amazonaws.com, not %q", n)
		case slices.ContainsFunc(r.NetworkEvents[:i], func(o string) bool { return source(o) == s }):
			return refuse("network activity events of %s are asked for twice", s)
		}
	}
	return nil
}

// source is a service's name as an event source.
func source(name string) string {
	name = strings.ToLower(name)
	if strings.Contains(name, ".") {
		return name
	}
	return name + ".amazonaws.com"
}

// FitsInsights refuses Insights that what is asked for leaves nothing to look
// at. What is not asked for is not judged: the trail may have it.
func (r Recording) FitsInsights(i Insights) error {
	for _, n := range i.Names() {
		switch {
		case n == CallRate && (r.Management == none || r.Management == "read"):
			return refuse("insight %s needs management events that write, and they are not to be recorded", n)
		case n == ErrorRate && r.Management == none:
			return refuse("insight %s needs management events, and none are to be recorded", n)
		case strings.HasSuffix(n, dataMark) && isNone(r.DataEvents):
			return refuse("insight %s needs data events, and none are to be recorded", n)
		}
	}
	return nil
}
