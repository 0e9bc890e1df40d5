//! The plugins of a scheduler, made with their settings.

use crate::census::Question;
use crate::cluster::Cluster;
use crate::framework::{Bind, Event, Permit, Plugin, PostFilter, PreEnqueue, PreFilter, PreScore, QueueSort, Reserve};
use crate::plugins::{PLUGINS, Settings};
use crate::pod::PodInfo;
use meta::CompactString;

pub struct Profile {
    pub(crate) scheduler_name: &'static str,
    plugins: Vec<(i64, Box<dyn Plugin>)>,
}

impl Default for Profile {
    fn default() -> Profile {
        Profile::new("default-scheduler", &Settings::default())
    }
}

impl Profile {
    pub fn new(scheduler_name: &'static str, settings: &Settings) -> Profile {
        let plugins = PLUGINS.iter().map(|entry| (entry.weight, (entry.make)(settings))).collect();
        Profile { scheduler_name, plugins }
    }

    /// The same with one more plugin, which runs last.
    #[must_use]
    pub fn and(mut self, weight: i64, plugin: Box<dyn Plugin>) -> Profile {
        self.plugins.push((weight, plugin));
        self
    }

    fn all(&self) -> impl DoubleEndedIterator<Item = &dyn Plugin> {
        self.plugins.iter().map(|(_, plugin)| &**plugin)
    }

    pub(crate) fn questions(&self, pod: &PodInfo, cluster: &Cluster) -> Vec<(Question, CompactString)> {
        self.all().flat_map(|plugin| plugin.questions(pod, cluster)).collect()
    }

    pub(crate) fn pre_enqueues(&self) -> impl Iterator<Item = &dyn PreEnqueue> {
        self.all().filter_map(Plugin::pre_enqueue)
    }

    pub(crate) fn queue_sort(&self) -> Option<&dyn QueueSort> {
        self.all().find_map(Plugin::queue_sort)
    }

    pub(crate) fn pre_filters(&self) -> impl Iterator<Item = (&'static str, &dyn PreFilter)> {
        self.all().filter_map(|plugin| Some((plugin.name(), plugin.pre_filter()?)))
    }

    pub(crate) fn post_filters(&self) -> impl Iterator<Item = &dyn PostFilter> {
        self.all().filter_map(Plugin::post_filter)
    }

    pub(crate) fn pre_scores(&self) -> impl Iterator<Item = (i64, &dyn PreScore)> {
        self.plugins.iter().filter_map(|(weight, plugin)| Some((*weight, plugin.pre_score()?)))
    }

    pub(crate) fn reserves(&self) -> impl DoubleEndedIterator<Item = (&'static str, &dyn Reserve)> {
        self.all().filter_map(|plugin| Some((plugin.name(), plugin.reserve()?)))
    }

    pub(crate) fn permits(&self) -> impl Iterator<Item = (&'static str, &dyn Permit)> {
        self.all().filter_map(|plugin| Some((plugin.name(), plugin.permit()?)))
    }

    pub(crate) fn binds(&self) -> impl Iterator<Item = &dyn Bind> {
        self.all().filter_map(Plugin::bind)
    }

    /// Whether any of the plugins that refused a pod says that something may have changed.
    pub(crate) fn is_worth_another_try(&self, pod: &PodInfo, refused_by: &[&str], event: &Event<'_>) -> bool {
        if refused_by.is_empty() {
            // There were no nodes at all.
            return matches!(event, Event::NodeAdded(_));
        }
        let mut refusing = self.all().filter(|plugin| refused_by.contains(&plugin.name()));
        refusing.any(|plugin| plugin.is_worth_another_try(pod, event))
    }
}
