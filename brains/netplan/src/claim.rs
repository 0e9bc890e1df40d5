//! Two services may ask for the same frontend: nothing forbids a second one to write down the same external address, or
//! another's cluster address. One wins, always the same one, and a cluster address never loses to an external one.

use crate::facts::ServiceKey;
use crate::rows::Frontend;
use imbl::OrdMap;
use std::sync::Arc;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rank {
    Node,
    Cluster,
    External,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Claim {
    pub frontend: Frontend,
    pub rank: Rank,
}

/// Who asks for what; the winner of each frontend stands first.
#[derive(Clone, Debug, Default)]
pub struct Claims(OrdMap<Frontend, Arc<Vec<(Rank, ServiceKey)>>>);

impl Claims {
    pub fn owns(&self, service: &ServiceKey, frontend: &Frontend) -> bool {
        self.winner(frontend).is_some_and(|winner| winner == service)
    }

    fn winner(&self, frontend: &Frontend) -> Option<&ServiceKey> {
        Some(&self.0.get(frontend)?.first()?.1)
    }

    /// Replaces what `service` asks for. Returns the other services that won or lost a frontend by it.
    pub fn replace(&mut self, service: &ServiceKey, before: &[Claim], now: &[Claim]) -> Vec<ServiceKey> {
        let mut affected = Vec::new();
        let removed = before.iter().filter(|claim| !now.contains(claim)).map(|claim| (claim, false));
        let added = now.iter().filter(|claim| !before.contains(claim)).map(|claim| (claim, true));
        for (claim, wanted) in removed.chain(added) {
            let lost = self.winner(&claim.frontend).cloned();
            self.change(service, claim, wanted);
            let won = self.winner(&claim.frontend).cloned();
            if lost != won {
                affected.extend(lost.into_iter().chain(won).filter(|other| other != service));
            }
        }
        affected
    }

    fn change(&mut self, service: &ServiceKey, claim: &Claim, wanted: bool) {
        let entry = (claim.rank, service.clone());
        let mut claimants = self.0.get(&claim.frontend).map(|all| all.to_vec()).unwrap_or_default();
        claimants.retain(|one| *one != entry);
        if wanted {
            claimants.push(entry);
            claimants.sort_unstable();
        }
        if claimants.is_empty() {
            self.0.remove(&claim.frontend);
        } else {
            self.0.insert(claim.frontend, Arc::new(claimants));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::Protocol;

    #[test]
    fn the_cluster_address_wins_then_the_first_name() {
        let frontend = Frontend { address: "10.96.0.1".parse().unwrap(), protocol: Protocol::Tcp, port: 443 };
        let claim = |rank| [Claim { frontend, rank }];
        let [a, b, c] = ["a", "b", "c"].map(|name| ServiceKey::new("n", name));
        let mut claims = Claims::default();
        assert!(claims.replace(&b, &[], &claim(Rank::External)).is_empty());
        assert!(claims.owns(&b, &frontend));
        assert_eq!(claims.replace(&a, &[], &claim(Rank::External)), std::slice::from_ref(&b));
        assert_eq!(claims.replace(&c, &[], &claim(Rank::Cluster)), std::slice::from_ref(&a));
        assert!(claims.owns(&c, &frontend) && !claims.owns(&a, &frontend));
        assert_eq!(claims.replace(&c, &claim(Rank::Cluster), &[]), std::slice::from_ref(&a));
        assert_eq!(claims.replace(&a, &claim(Rank::External), &[]), std::slice::from_ref(&b));
        assert!(claims.replace(&b, &claim(Rank::External), &[]).is_empty());
        assert!(!claims.owns(&b, &frontend));
    }
}
