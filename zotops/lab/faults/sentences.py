"""Sentences of checks that several faults name; the practice world's own names are in them."""

from __future__ import annotations

from zotops.lab.names import NAMES

CI, GROUP, ADMINS, GUEST = (NAMES[role] for role in ("ci_user", "ci_group", "admin_group", "guest"))
APPLICATION = NAMES["application"]

LETS_CI_IN = f"the identity provider lets {CI} into the registry, and {GUEST} not"
WOULD_CLAIM = f"a sign-in of {CI} would claim the group {GROUP}"
IN_FORCE = f"the deployed blueprint {NAMES['blueprint_path']} is in force at the provider"
PROVIDER_IS_RIGHT = "the live provider sends people back to the registry, signs with a key and gives out the scopes"
SYNCED = f"ArgoCD has synced {NAMES['argocd_app']} to the newest commit of {NAMES['branch']}, and it is healthy"
REVIEWED = "the resulting configuration has openid, apikey, accessControl and externalUrl, as the profile wants them"
YOUNGER = "the registry's process is younger than its configuration file"
NOBODY_WRITES = "nobody may write without a key, at any address"
BUILDS_SUCCEEDED = "CI's 2 builds of the commit succeeded"
TAGS_ARE_NEW = "the builds' 2 tags are in the registry, and were not before"
STORED = f"the key is in '{NAMES['shared_title']}', field {NAMES['field']}"
REFERENCES_RESOLVE = "the vault has all 5 values that provisioning reads"
LISTED = f"{NAMES['owner']}/{NAMES['repo']} has the secret {NAMES['secret']}"
SERVICES_WELL = "services-check finds the registry's services well"
KEY_LISTED = f"listed for {CI}, expires within 90 days"
UNCHANGED = "nothing is changed on the way to the registry"

# Commands of remedies, as they are typed in the practice world; elsewhere the names are other ones.
_IN_CLUSTER = f"kubectl --context {NAMES['context']} -n {NAMES['namespace']}"
APPLY_AGAIN = f"`{_IN_CLUSTER} exec deploy/{NAMES['worker']} -- ak apply_blueprint {NAMES['blueprint_path']}`"
RESTART_WORKER = f"`{_IN_CLUSTER} rollout restart deploy/{NAMES['worker']}`"
PROVISION = "`mise run provision-indri -- --tags zot`"
_AGENT = f"LaunchAgents/{NAMES['service']}.plist"
RESTART_REGISTRY = " and then ".join(
    f"`ssh {NAMES['ssh_host']} launchctl {verb} {_AGENT}`" for verb in ("unload", "load")
)
