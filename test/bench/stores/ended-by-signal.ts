// A benchmark that is interrupted leaves nothing behind: a signal ends a process without its exit handlers, which is where whatever it started
// is killed and removed. What imports this ends by them.
const SIGNALS = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const

for (const [signal, status] of Object.entries(SIGNALS)) process.once(signal, () => process.exit(status))
