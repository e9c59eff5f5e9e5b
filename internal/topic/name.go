package topic

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// What a topic's name can be wrong with.
var (
	ErrName = errors.New("a topic's name has 1 to 256 letters, digits, - and _")
	ErrFIFO = errors.New("neither CloudTrail nor S3 publishes to FIFO topics")
	ErrARN  = errors.New("not the ARN of an SNS topic: arn:PARTITION:sns:REGION:ACCOUNT:NAME")
)

// maxName is in characters (SNS API reference, CreateTopic).
const maxName = 256

var (
	namePattern    = regexp.MustCompile(`^[A-Za-z0-9_-]+$`)
	accountPattern = regexp.MustCompile(`^[0-9]{12}$`)
	regionPattern  = regexp.MustCompile(`^[a-z]{2,}(?:-[a-z]+)+-[0-9]+$`)
)

// CheckName tells what is wrong with a topic's name: ErrName or ErrFIFO.
func CheckName(name string) error {
	switch {
	case strings.HasSuffix(name, ".fifo"):
		return fmt.Errorf("topic %q: %w", name, ErrFIFO)
	case len(name) > maxName || !namePattern.MatchString(name):
		return fmt.Errorf("topic %q: %w", name, ErrName)
	}
	return nil
}

// Ref says which topic is meant.
type Ref struct {
	Partition, Region, Account, Name string
}

// ARN is the topic's ARN, which is known before the topic exists.
func (r Ref) ARN() string { return ARN(r.Partition, r.Region, r.Account, r.Name) }

// ARN is the ARN of a topic.
func ARN(partition, region, account, name string) string {
	return "arn:" + partition + ":sns:" + region + ":" + account + ":" + name
}

// ParseARN takes a topic's ARN apart. A subscription's ARN, which has one part
// more, is none.
func ParseARN(arn string) (Ref, error) {
	p := strings.Split(arn, ":")
	if len(p) != 6 || p[0] != "arn" || !strings.HasPrefix(p[1], "aws") || p[2] != "sns" ||
		!regionPattern.MatchString(p[3]) || !accountPattern.MatchString(p[4]) {
		return Ref{}, fmt.Errorf("%q: %w", arn, ErrARN)
	}
	return Ref{Partition: p[1], Region: p[3], Account: p[4], Name: p[5]}, CheckName(p[5])
}

// Resolve understands a name or an ARN. A name is of the account and region
// given.
func Resolve(nameOrARN, partition, region, account string) (Ref, error) {
	if strings.HasPrefix(nameOrARN, "arn:") {
		return ParseARN(nameOrARN)
	}
	return Ref{Partition: partition, Region: region, Account: account, Name: nameOrARN}, CheckName(nameOrARN)
}
