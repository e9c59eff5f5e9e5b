package s3

import (
	"fmt"
	"strings"
	"sync"
	"testing"
)

func TestManyAtOnce(t *testing.T) {
	for _, dir := range []string{"", t.TempDir()} {
		f := newFront(t, dir)
		f.must("PUT", "/bkt", "")
		f.versioning("Suspended")
		var wg sync.WaitGroup
		for worker := range 4 {
			wg.Go(func() {
				for i := range 30 {
					key := fmt.Sprintf("/bkt/k%d", i%3)
					body := strings.Repeat(fmt.Sprint(worker), 1000)
					f.send(sent{method: "PUT", path: key, body: body})
					got := f.send(sent{method: "GET", path: key})
					if got.status != 404 && (len(got.body) != 1000 || strings.Trim(got.body, got.body[:1]) != "") {
						t.Errorf("%s: %d bytes of two uploads, status %d", key, len(got.body), got.status)
					}
					f.send(sent{method: "GET", path: "/bkt?versions"})
					f.send(sent{method: "PUT", path: key + "?tagging", body: "<Tagging><TagSet/></Tagging>"})
					f.send(sent{method: "PUT", path: "/bkt?policy", body: policyOf(`{"Effect":"Deny","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::bkt/x"}`)})
					if i%4 == worker {
						f.send(sent{method: "DELETE", path: key})
					}
				}
			})
		}
		wg.Wait()
	}
}
