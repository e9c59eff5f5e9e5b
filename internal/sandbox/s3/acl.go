package s3

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
)

const ownerEnforced = "BucketOwnerEnforced"

func validOwnership(s string) bool {
	return s == ownerEnforced || s == "BucketOwnerPreferred" || s == "ObjectWriter"
}

func checkOwnership(n *node, text []byte) (string, error) {
	if len(n.children) != 1 || n.children[0].name != "Rule" || !validOwnership(n.child("Rule").child("ObjectOwnership").content()) {
		return "", malformedXML()
	}
	return string(text), nil
}

// enforcesOwner tells whether ACLs are off in a bucket.
func (s settings) enforcesOwner() bool {
	n, err := parseXML([]byte(s.Documents["ownershipControls"]), "OwnershipControls")
	return err == nil && n.child("Rule").child("ObjectOwnership").content() == ownerEnforced
}

func validCannedACL(name string) bool {
	return slices.Contains([]string{"private", "public-read", "public-read-write", "authenticated-read", "aws-exec-read",
		"bucket-owner-read", "bucket-owner-full-control", "log-delivery-write"}, name)
}

// publicCannedACL counts authenticated-read as public, as S3 does: it means
// every AWS account.
func publicCannedACL(name string) bool {
	return strings.HasPrefix(name, "public-") || name == "authenticated-read"
}

// objectACL checks the canned ACL of an upload, and gives it.
func (r *request) objectACL(set settings) (string, error) {
	canned := r.header("x-amz-acl")
	if canned != "" && !validCannedACL(canned) {
		return "", invalidArgument("x-amz-acl", canned, "Invalid ACL")
	}
	if set.enforcesOwner() {
		if canned != "" && canned != "bucket-owner-full-control" || r.grants() {
			return "", aclsOff()
		}
		return "", nil
	}
	if publicCannedACL(canned) && set.publicAccess().BlockPublicAcls {
		return "", accessDenied("Access Denied")
	}
	return canned, nil
}

func aclsOff() *failure {
	return fail(http.StatusBadRequest, "AccessControlListNotSupported", "The bucket does not allow ACLs")
}

// grants tells whether the request gives permissions one by one.
func (r *request) grants() bool {
	for name := range r.http.Header {
		if strings.HasPrefix(name, "X-Amz-Grant-") {
			return true
		}
	}
	return false
}

// cannedDocument writes a canned ACL out.
func cannedDocument(o owner, canned string) string {
	group := func(name, permission string) string {
		return fmt.Sprintf(`<Grant><Grantee xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="Group">`+
			"<URI>http://acs.amazonaws.com/groups/%s</URI></Grantee><Permission>%s</Permission></Grant>", name, permission)
	}
	var more string
	switch canned {
	case "public-read":
		more = group("global/AllUsers", "READ")
	case "public-read-write":
		more = group("global/AllUsers", "READ") + group("global/AllUsers", "WRITE")
	case "authenticated-read":
		more = group("global/AuthenticatedUsers", "READ")
	case "log-delivery-write":
		more = group("s3/LogDelivery", "WRITE") + group("s3/LogDelivery", "READ_ACP")
	}
	return fmt.Sprintf("%s<AccessControlPolicy xmlns=%q><Owner><ID>%s</ID></Owner><AccessControlList><Grant>"+
		`<Grantee xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="CanonicalUser"><ID>%s</ID></Grantee>`+
		"<Permission>FULL_CONTROL</Permission></Grant>%s</AccessControlList></AccessControlPolicy>",
		xmlHeader, namespace, o.ID, o.ID, more)
}

func (s *Service) getBucketACL(r *request) error {
	text := r.b.snapshot().Documents["acl"]
	if text == "" {
		text = cannedDocument(s.owner(), "private")
	}
	r.writeText("application/xml", text)
	return nil
}

func (s *Service) putBucketACL(r *request) error {
	text, public, private, err := s.wantedACL(r)
	if err != nil {
		return err
	}
	set := r.b.snapshot()
	if set.enforcesOwner() && !private {
		return aclsOff()
	}
	if public && set.publicAccess().BlockPublicAcls {
		return accessDenied("Access Denied")
	}
	return s.change(r.b, func(set *settings) { set.Documents["acl"] = text })
}

// wantedACL reads an ACL from the header or the body. private is one that
// gives the owner all and others nothing, in the forms that a bucket
// without ACLs takes.
func (s *Service) wantedACL(r *request) (text string, public, private bool, err error) {
	canned := r.header("x-amz-acl")
	switch {
	case r.grants():
		return "", false, false, notServed("PutBucketAclWithGrantHeaders")
	case canned == "":
		return s.documentACL(r)
	case !validCannedACL(canned):
		return "", false, false, invalidArgument("x-amz-acl", canned, "Invalid ACL")
	}
	return cannedDocument(s.owner(), canned), publicCannedACL(canned), canned == "bucket-owner-full-control", nil
}

func (s *Service) documentACL(r *request) (text string, public, private bool, err error) {
	n, raw, err := r.document("AccessControlPolicy")
	if err != nil {
		return "", false, false, err
	}
	list := n.child("AccessControlList")
	if list == nil || n.child("Owner").child("ID") == nil {
		return "", false, false, malformedXML()
	}
	private = true
	for _, g := range list.children {
		grantee := g.child("Grantee")
		switch g.child("Permission").content() {
		case "READ", "WRITE", "READ_ACP", "WRITE_ACP", "FULL_CONTROL":
		default:
			return "", false, false, malformedXML()
		}
		public = public || strings.Contains(grantee.child("URI").content(), "/groups/global/")
		private = private && grantee.child("ID").content() == s.owner().ID && g.child("Permission").content() == "FULL_CONTROL"
	}
	return string(raw), public, private, nil
}

func (s *Service) getObjectACL(r *request) error {
	v, err := r.version()
	if err != nil {
		return err
	}
	r.writeText("application/xml", cannedDocument(s.owner(), v.ACL))
	return nil
}
