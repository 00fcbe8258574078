"""Archives of photos: listed once, cut into parts, classified by Ray on one machine or many. Needs the extra [ray].

Before Ray is loaded, its words are sent to its log files, its report to its makers is switched off, and workers are to
have the priority of the command itself, unless the environment says otherwise.
"""

import os

__all__ = ["bulk_run", "listing", "store", "worker"]

SETTINGS = {
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",  # which it is going to be, as Ray says at every start
    "RAY_BACKEND_LOG_LEVEL": "fatal",
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_task_oom_retries": "8",  # each twice as long after the one before; without a bound by default
    "RAY_worker_niceness": "0",
}
for name, value in SETTINGS.items():
    os.environ.setdefault(name, value)
del name, value
