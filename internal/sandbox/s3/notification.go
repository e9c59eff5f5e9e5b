package s3

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/xml"
	"slices"
	"strings"
)

// notifications is a bucket's notification configuration.
type notifications struct {
	XMLName     xml.Name
	Topics      []notificationTarget `xml:"TopicConfiguration"`
	Queues      []notificationTarget `xml:"QueueConfiguration"`
	Functions   []notificationTarget `xml:"CloudFunctionConfiguration"`
	EventBridge *struct{}            `xml:"EventBridgeConfiguration"`
}

type notificationTarget struct {
	ID       string              `xml:"Id"`
	Topic    string              `xml:"Topic,omitempty"`
	Queue    string              `xml:"Queue,omitempty"`
	Function string              `xml:"CloudFunction,omitempty"`
	Events   []string            `xml:"Event"`
	Filter   *notificationFilter `xml:"Filter"`
}

type notificationFilter struct {
	Key *struct {
		Rules []filterRule `xml:"FilterRule"`
	} `xml:"S3Key"`
}

// rules are nil-safe: a filter need not have any.
func (f *notificationFilter) rules() []filterRule {
	if f == nil || f.Key == nil {
		return nil
	}
	return f.Key.Rules
}

type filterRule struct {
	Name  string
	Value string
}

// checkNotification holds a configuration against S3's rules and gives every
// entry an Id. Whether the destinations let S3 in is asked elsewhere.
func checkNotification(root *node, text []byte) (string, error) {
	for _, c := range root.children {
		switch c.name {
		case "TopicConfiguration", "QueueConfiguration", "CloudFunctionConfiguration", "EventBridgeConfiguration":
		default:
			return "", malformedXML()
		}
	}
	var n notifications
	if err := xml.Unmarshal(text, &n); err != nil {
		return "", malformedXML()
	}
	n.XMLName.Space = namespace
	all := n.entries()
	for i, e := range all {
		if err := e.check(); err != nil {
			return "", err
		}
		if e.ID == "" {
			e.ID = newNotificationID()
		}
		for _, other := range all[:i] {
			if err := e.against(other); err != nil {
				return "", err
			}
		}
	}
	out, err := xml.Marshal(n)
	return xmlHeader + string(out), err
}

func (n *notifications) entries() []*notificationTarget {
	var out []*notificationTarget
	for _, list := range [][]notificationTarget{n.Topics, n.Queues, n.Functions} {
		for i := range list {
			out = append(out, &list[i])
		}
	}
	return out
}

func newNotificationID() string {
	return base64.RawURLEncoding.EncodeToString([]byte(rand.Text()))
}

func notificationEvents() []string {
	return []string{
		"s3:ObjectCreated:*", "s3:ObjectCreated:Put", "s3:ObjectCreated:Post", "s3:ObjectCreated:Copy",
		"s3:ObjectCreated:CompleteMultipartUpload", "s3:ObjectRemoved:*", "s3:ObjectRemoved:Delete",
		"s3:ObjectRemoved:DeleteMarkerCreated", "s3:ObjectRestore:*", "s3:ObjectRestore:Post", "s3:ObjectRestore:Completed",
		"s3:ObjectRestore:Delete", "s3:ReducedRedundancyLostObject", "s3:Replication:*",
		"s3:Replication:OperationFailedReplication", "s3:Replication:OperationMissedThreshold",
		"s3:Replication:OperationReplicatedAfterThreshold", "s3:Replication:OperationNotTracked", "s3:LifecycleExpiration:*",
		"s3:LifecycleExpiration:Delete", "s3:LifecycleExpiration:DeleteMarkerCreated", "s3:LifecycleTransition",
		"s3:IntelligentTiering", "s3:ObjectTagging:*", "s3:ObjectTagging:Put", "s3:ObjectTagging:Delete", "s3:ObjectAcl:Put",
	}
}

// check holds one entry against the rules that need no other.
func (e *notificationTarget) check() error {
	arn := e.Topic + e.Queue + e.Function
	if !strings.HasPrefix(arn, "arn:") || strings.Count(arn, ":") < 5 {
		return invalidArgument("arn", arn, "The ARN could not be parsed")
	}
	if len(e.Events) == 0 {
		return malformedXML()
	}
	for _, event := range e.Events {
		if !slices.Contains(notificationEvents(), event) {
			return invalidArgument("Event", event, "The event '%s' is not supported for notifications", event)
		}
	}
	seen := map[string]bool{}
	for _, rule := range e.Filter.rules() {
		name := strings.ToLower(rule.Name)
		if name != "prefix" && name != "suffix" {
			return invalidArgument("FilterRule.Name", rule.Name, "filter rule name must be either prefix or suffix")
		}
		if seen[name] {
			return invalidArgument("FilterRule.Name", rule.Name,
				"Cannot specify more than one %s rule in a filter.", name)
		}
		seen[name] = true
	}
	return nil
}

// against refuses two entries that one object's event would go to.
func (e *notificationTarget) against(o *notificationTarget) error {
	if e.ID == o.ID {
		return invalidArgument("Id", e.ID, "Same ID used for multiple configurations. IDs must be unique")
	}
	if !slices.ContainsFunc(e.Events, func(a string) bool {
		return slices.ContainsFunc(o.Events, func(b string) bool { return sameEvent(a, b) })
	}) {
		return nil
	}
	prefix, suffix := e.filter("prefix"), e.filter("suffix")
	otherPrefix, otherSuffix := o.filter("prefix"), o.filter("suffix")
	if !strings.HasPrefix(prefix, otherPrefix) && !strings.HasPrefix(otherPrefix, prefix) ||
		!strings.HasSuffix(suffix, otherSuffix) && !strings.HasSuffix(otherSuffix, suffix) {
		return nil
	}
	if prefix+suffix+otherPrefix+otherSuffix == "" {
		return invalidArgument("Event", e.Events[0],
			"Configurations overlap. Configurations on the same bucket cannot share a common event type. : %s, %s", o.ID, e.ID)
	}
	return invalidArgument("Filter", e.ID, "Configuration is ambiguously defined. Cannot have overlapping suffixes in two rules "+
		"if the prefixes are overlapping for the same event type.")
}

func sameEvent(a, b string) bool {
	if kind, ok := strings.CutSuffix(a, "*"); ok && strings.HasPrefix(b, kind) {
		return true
	}
	kind, ok := strings.CutSuffix(b, "*")
	return a == b || ok && strings.HasPrefix(a, kind)
}

func (e *notificationTarget) filter(name string) string {
	for _, rule := range e.Filter.rules() {
		if strings.EqualFold(rule.Name, name) {
			return rule.Value
		}
	}
	return ""
}
