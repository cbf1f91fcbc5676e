"""What background work counts, for Prometheus: jobs, timers, mails."""

from prometheus_client import Counter, Gauge, Histogram

JOBS = Counter("signoff_jobs", "Background jobs by kind and outcome: done, failed, dead.", ["kind", "outcome"])
TIMERS = Counter("signoff_timers", "Timers by kind and outcome: fired, failed.", ["kind", "outcome"])
TIMER_LATENESS = Histogram(
    "signoff_timer_lateness_seconds",
    "How long after its time a timer fired.",
    buckets=(0.01, 0.05, 0.1, 0.5, 1, 5, 30, 120, 600, 3600),
)
MAILS = Counter("signoff_mails", "Mails by outcome: sent, failed, refused.", ["outcome"])
STREAMS = Gauge("signoff_live_streams", "Open pages that hold a stream of news.", multiprocess_mode="livesum")
