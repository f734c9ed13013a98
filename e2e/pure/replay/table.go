package replay

import (
	"fmt"
	"io"
	"strings"
)

// WriteTable writes the reports as a Markdown table: what each says, and which cases and mutants of the suite show the same.
func WriteTable(to io.Writer, reports []Report) error {
	if _, err := fmt.Fprintln(to, "| report | what must be told | of | also shown by |\n|---|---|---|---|"); err != nil {
		return err
	}
	for _, r := range reports {
		title := r.Title
		if r.Pending != "" {
			title += " (pending: " + r.Pending + ")"
		}
		if _, err := fmt.Fprintf(to, "| %s | %s | [%s](%s) | %s |\n", r.ID, title, issueOf(r.URL), r.URL, strings.Join(r.Shown, ", ")); err != nil {
			return err
		}
	}
	return nil
}

// issueOf is OWNER/NAME #NUMBER of the address of an issue on GitHub; the address itself of another.
func issueOf(url string) string {
	path, onGitHub := strings.CutPrefix(url, "https://github.com/")
	words := strings.Split(path, "/")
	if !onGitHub || len(words) != 4 {
		return url
	}
	return fmt.Sprintf("%s/%s #%s", words[0], words[1], words[3])
}
