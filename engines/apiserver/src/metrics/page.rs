//! `/metrics`, as Prometheus reads it.

use super::Metrics;
use crate::engine::Api;
use crate::http::{Response, respond};
use std::fmt::{self, Write};

const TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Requests that are being answered now.
pub(crate) struct Inflight {
    pub reads: usize,
    pub writes: usize,
}

impl Metrics {
    pub(crate) fn answer(&self, api: &Api, inflight: &Inflight) -> Response {
        let mut page = String::new();
        match self.write(&mut page, api, inflight) {
            Ok(()) => respond::bytes(200, TYPE, page),
            Err(fmt::Error) => respond::text(500, "the metrics could not be written"),
        }
    }

    fn write(&self, page: &mut String, api: &Api, inflight: &Inflight) -> fmt::Result {
        write_inflight(page, inflight)?;
        self.write_durations(page)?;
        self.write_requests(page)?;
        write_objects(page, api)
    }

    fn write_requests(&self, page: &mut String) -> fmt::Result {
        head(page, "apiserver_request_total", "counter", "Requests by verb, resource, scope and code of the answer.")?;
        let series = self.0.lock().expect("no holder of this lock panics");
        for ((asked, code), count) in &series.requests {
            writeln!(page, "apiserver_request_total{{code=\"{code}\",{asked}}} {count}")?;
        }
        Ok(())
    }

    fn write_durations(&self, page: &mut String) -> fmt::Result {
        const NAME: &str = "apiserver_request_duration_seconds";
        head(page, NAME, "histogram", "How long requests took, by verb, resource and scope.")?;
        let series = self.0.lock().expect("no holder of this lock panics");
        for (asked, histogram) in &series.durations {
            for (bound, count) in histogram.cumulative() {
                writeln!(page, "{NAME}_bucket{{{asked},le=\"{bound}\"}} {count}")?;
            }
            let (total, sum) = (histogram.total, histogram.sum);
            writeln!(page, "{NAME}_bucket{{{asked},le=\"+Inf\"}} {total}")?;
            writeln!(page, "{NAME}_sum{{{asked}}} {sum}\n{NAME}_count{{{asked}}} {total}")?;
        }
        Ok(())
    }
}

fn head(page: &mut String, name: &str, kind: &str, help: &str) -> fmt::Result {
    writeln!(page, "# HELP {name} {help}\n# TYPE {name} {kind}")
}

fn write_inflight(page: &mut String, inflight: &Inflight) -> fmt::Result {
    const NAME: &str = "apiserver_current_inflight_requests";
    head(page, NAME, "gauge", "Requests that are being answered.")?;
    writeln!(page, "{NAME}{{request_kind=\"mutating\"}} {}", inflight.writes)?;
    writeln!(page, "{NAME}{{request_kind=\"readOnly\"}} {}", inflight.reads)
}

fn write_objects(page: &mut String, api: &Api) -> fmt::Result {
    let table = api.rows.table();
    head(page, "apiserver_resource_objects", "gauge", "Stored objects by group and resource.")?;
    for row in table.iter() {
        let (group, resource, count) = (&row.def.group, &row.def.names.plural, row.hub.len());
        writeln!(page, "apiserver_resource_objects{{group={group:?},resource={resource:?}}} {count}")?;
    }
    head(page, "apiserver_storage_objects", "gauge", "Stored objects by resource.")?;
    for row in table.iter() {
        let (group, plural, count) = (&row.def.group, &row.def.names.plural, row.hub.len());
        let resource = if group.is_empty() { plural.to_string() } else { format!("{plural}.{group}") };
        writeln!(page, "apiserver_storage_objects{{resource={resource:?}}} {count}")?;
    }
    Ok(())
}
