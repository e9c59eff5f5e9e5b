package render

import (
	"strings"

	"trailctl/validate"
)

// spot is a chain with its findings, or where there are findings and no
// chain.
type spot struct {
	org, account, region, trail, home string

	backfill bool
	chain    *validate.Chain
	findings []validate.Finding
}

// spots puts each finding to its chain. The chains stay in their order; what
// belongs to none stands after those of its account.
func spots(chains []validate.Chain, findings []validate.Finding) []spot {
	type key struct {
		account, region, trail string
		backfill               bool
	}
	list := make([]spot, 0, len(chains))
	at := map[key][]int{}
	for i := range chains {
		c := &chains[i]
		k := key{c.Account, c.Region, c.Trail, c.Backfill}
		at[k] = append(at[k], len(list))
		list = append(list, spot{org: c.Org, account: c.Account, region: c.Region, trail: c.Trail, home: c.HomeRegion, backfill: c.Backfill, chain: c})
	}
	for _, f := range findings {
		k := key{f.Account, f.Region, f.Trail, f.Backfill}
		if len(at[k]) == 0 {
			at[k] = []int{len(list)}
			list = append(list, spot{account: f.Account, region: f.Region, trail: f.Trail, backfill: f.Backfill})
		}
		i := at[k][0]
		for _, j := range at[k][1:] {
			// Chains of one name in several home regions, or organizations.
			if c := list[j]; strings.Contains(f.URI, c.region+"_"+c.trail+"_"+c.home+"_") && (c.org == "" || strings.Contains(f.URI, "/"+c.org+"/")) {
				i = j
			}
		}
		list[i].findings = append(list[i].findings, f)
	}
	return list
}
