//! Both webhooks in one cluster, as during a migration: a pod is taken by exactly one of them.

use crate::documented::apply;
use crate::incumbent::{Incumbent, Place};
use crate::keeper::Keeper;
use crate::secrets;
use crate::support::freshet;
use crate::support::namespace::{ENABLED, Namespace};

/// Starts a pod of the injector's and answers who has taken it.
#[track_caller]
fn taken(namespace: &Namespace) -> Keeper {
    secrets::allow(namespace);
    apply(namespace, "map");
    namespace.wait_for_pod("map");
    let pod = namespace.get(&["pod", "map"]);
    namespace.run(&["delete", "pod", "map", "--wait=false"]);
    Keeper::of(&pod)
}

#[test]
fn a_label_decides_where_freshet_is_asked_first() {
    freshet::install();
    secrets::write();
    let _incumbent = Incumbent::register(Place::AfterFreshet);
    let labelled = Namespace::new("first-labelled", &[ENABLED]);
    assert_eq!(taken(&labelled), Keeper::Freshet);
    let unlabelled = Namespace::new("first-unlabelled", &[]);
    assert_eq!(taken(&unlabelled), Keeper::Incumbent);
}

/// Whoever has injected a pod keeps it: undoing another's patch could not be told from undoing the
/// author's own.
#[test]
fn a_pod_stays_with_the_injector_where_that_is_asked_first() {
    freshet::install();
    secrets::write();
    let _incumbent = Incumbent::register(Place::BeforeFreshet);
    let labelled = Namespace::new("second-labelled", &[ENABLED]);
    assert_eq!(taken(&labelled), Keeper::Incumbent);
    let unlabelled = Namespace::new("second-unlabelled", &[]);
    assert_eq!(taken(&unlabelled), Keeper::Incumbent);
}

#[test]
fn without_the_injector_only_labelled_namespaces_are_served() {
    freshet::install();
    secrets::write();
    let labelled = Namespace::new("alone-labelled", &[ENABLED]);
    assert_eq!(taken(&labelled), Keeper::Freshet);
    let unlabelled = Namespace::new("alone-unlabelled", &[]);
    assert_eq!(taken(&unlabelled), Keeper::Nobody);
}
