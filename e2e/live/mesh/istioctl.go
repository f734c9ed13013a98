package mesh

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"

	"mtls.test/conformance/e2e/live/timeout"
)

// Istioctl is the only installer: the command of one version, at one cluster.
type Istioctl struct {
	Path       string
	Kubeconfig string
	Say        func(line string) // what it reports as done or failed
}

// Run runs the command, which is stopped when the context is done. The error has what it printed.
func (i Istioctl) Run(ctx context.Context, arguments ...string) error {
	ctx, cancel := context.WithTimeout(ctx, timeout.Install.Duration())
	defer cancel()
	command := exec.CommandContext(ctx, i.Path, append(arguments, "--kubeconfig", i.Kubeconfig)...)
	command.Cancel = func() error { return command.Process.Signal(os.Interrupt) }
	command.WaitDelay = timeout.InstallGrace.Duration()
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	read, write := io.Pipe()
	command.Stdout, command.Stderr = write, write
	told := make(chan string)
	go func() {
		var all strings.Builder
		for lines := bufio.NewScanner(read); lines.Scan(); {
			line := strings.TrimSpace(lines.Text())
			fmt.Fprintln(&all, line)
			if strings.HasPrefix(line, "✔") || strings.HasPrefix(line, "✘") {
				i.Say("istioctl: " + line)
			}
		}
		_, _ = io.Copy(io.Discard, read)
		told <- all.String()
	}()
	err := command.Run()
	_ = write.Close()
	output := <-told
	if err != nil {
		return fmt.Errorf("istioctl %s: %w\n%s", strings.Join(arguments, " "), err, output)
	}
	return nil
}
