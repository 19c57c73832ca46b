//! Where sessions belong and how they end, when devices burn or move, stops are lost, and gateways
//! use transaction ids again.

mod burnt_device;
mod charges;
mod late_stop;
mod lost_stop;
mod moves;
mod reported;
mod reused_id;
mod site;
