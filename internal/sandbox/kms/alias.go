package kms

import (
	"regexp"
	"slices"
	"strings"
	"time"

	"trailctl/internal/sandbox/awsjson"
	"trailctl/internal/sandbox/call"
)

// alias is a name of a key, in the key's account and region.
type alias struct {
	Account, Region, Name, ARN string
	Target                     string // the key's ARN
	Created                    time.Time
}

// What the API takes for an alias at all, and what it then has to be (API
// reference, "CreateAlias").
var (
	aliasText    = regexp.MustCompile(`^[a-zA-Z0-9:/_-]{1,256}$`)
	aliasPattern = regexp.MustCompile(`^alias/[a-zA-Z0-9/_-]+$`)
)

func (s *Service) createAlias(c *call.Call, in struct{ AliasName, TargetKeyId string }) (any, *call.Error) {
	switch {
	case strings.HasPrefix(in.AliasName, "alias/aws/"):
		return nil, refuse("NotAuthorizedException", "")
	case !aliasText.MatchString(in.AliasName):
		return nil, invalid("1 validation error detected: Value '%.300s' at 'aliasName' failed to satisfy constraint: "+
			"Member must satisfy regular expression pattern: [a-zA-Z0-9:/_-]+ and have length between 1 and 256", in.AliasName)
	case !strings.HasPrefix(in.AliasName, "alias/"):
		return nil, invalid("Alias must start with the prefix \"alias/\". Please see https://docs.aws.amazon.com/kms/latest/developerguide/kms-alias.html")
	case !aliasPattern.MatchString(in.AliasName):
		return nil, refuse("InvalidAliasNameException", "The alias name %.300s is not valid.", in.AliasName)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	k, err := s.usable(c, in.TargetKeyId)
	if err != nil {
		return nil, err
	}
	a := &alias{Account: c.Account, Region: c.Region, Name: in.AliasName, Target: k.ARN, Created: c.Time}
	a.ARN = arnOf(a.Region, a.Account, a.Name)
	if old := s.aliases[a.ARN]; old != nil && !s.keys[old.Target].gone(c.Time) {
		return nil, refuse("AlreadyExistsException", "An alias with the name %s already exists", a.ARN)
	}
	s.aliases[a.ARN] = a
	return nil, nil
}

func (s *Service) deleteAlias(c *call.Call, in struct{ AliasName string }) (any, *call.Error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	arn := arnOf(c.Region, c.Account, in.AliasName)
	if s.aliases[arn] == nil {
		return nil, refuse("NotFoundException", "Alias %.400s is not found.", arn)
	}
	delete(s.aliases, arn)
	return nil, nil
}

func (s *Service) listAliases(c *call.Call, in listInput) (any, *call.Error) {
	type entry struct {
		AliasName, AliasArn, TargetKeyId string
		CreationDate, LastUpdatedDate    *float64
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	target := ""
	if in.KeyId != "" {
		k, err := s.own(c, in.KeyId)
		if err != nil {
			return nil, err
		}
		target = k.ARN
	}
	var all []entry
	for _, a := range s.aliases {
		if a.Account != c.Account || a.Region != c.Region || target != "" && a.Target != target || s.keys[a.Target].gone(c.Time) {
			continue
		}
		id := a.Target[strings.LastIndexByte(a.Target, '/')+1:]
		all = append(all, entry{a.Name, a.ARN, id, awsjson.Epoch(a.Created), awsjson.Epoch(a.Created)})
	}
	slices.SortFunc(all, func(a, b entry) int { return strings.Compare(a.AliasName, b.AliasName) })
	some, next, err := page(in, 50, all)
	if err != nil {
		return nil, err
	}
	return listing("Aliases", some, next), nil
}
