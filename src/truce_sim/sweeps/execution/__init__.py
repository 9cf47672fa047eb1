"""Who makes the runs of a sweep: workers here, jobs on a cluster; and whether they are right."""
