// Program gateway-crds prints the definitions of the Gateway API's resources.
package main

import (
	"fmt"
	"io/fs"
	"log"
	"strings"

	"sigs.k8s.io/gateway-api/config/crd"
)

func main() {
	err := fs.WalkDir(crd.Standard, ".", func(path string, entry fs.DirEntry, err error) error {
		// What is no definition is a policy for upgrades of them.
		if err != nil || entry.IsDir() || strings.Contains(path, "_vap_") {
			return err
		}
		content, err := crd.Standard.ReadFile(path)
		fmt.Printf("---\n%s", content)
		return err
	})
	if err != nil {
		log.Fatal(err)
	}
}
