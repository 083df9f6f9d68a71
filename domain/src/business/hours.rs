//! Opening hours: when a business is there, in its own time zone, and when it opens next.

use chrono::{
    DateTime, Datelike as _, Days, NaiveDate, NaiveDateTime, TimeDelta, TimeZone as _, Utc, Weekday,
};
use chrono_tz::Tz;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{
        RefOr, Schema,
        schema::{ObjectBuilder, Type},
    },
};

use crate::Invalid;

/// When a business is there, week by week.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = json!({
    "timeZone": "Europe/Madrid",
    "week": [{"day": "mon", "from": "09:00", "to": "14:00"}, {"day": "mon", "from": "16:00", "to": "19:30"}]
}))]
pub struct Hours {
    /// Where the clocks are that the hours are told by.
    pub time_zone: TimeZone,
    /// The spans of a week; a day may have several, or none.
    #[schema(max_items = 70)]
    pub week: Vec<Span>,
}

/// Part of a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
pub struct Span {
    /// Which day.
    pub day: Day,
    /// When it begins.
    pub from: TimeOfDay,
    /// When it ends; later than it begins.
    pub to: TimeOfDay,
}

/// A day of the week.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum Day {
    /// Monday.
    Mon,
    /// Tuesday.
    Tue,
    /// Wednesday.
    Wed,
    /// Thursday.
    Thu,
    /// Friday.
    Fri,
    /// Saturday.
    Sat,
    /// Sunday.
    Sun,
}

/// A time zone by its name in the IANA's database.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TimeZone(String);

/// A time of day to the minute, `00:00` to `24:00`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct TimeOfDay(u16);

/// Whether a business is there at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Opening {
    /// Whether it is.
    pub open: bool,
    /// When it opens next, if it is closed and ever opens.
    pub opens_at: Option<DateTime<Utc>>,
}

impl Hours {
    /// The most spans of a week.
    pub const MAX_SPANS: usize = 70;

    /// Whether each span ends after it begins, and there are not too many.
    #[must_use]
    pub fn are_fine(&self) -> bool {
        self.week.len() <= Self::MAX_SPANS && self.week.iter().all(|span| span.from < span.to)
    }

    /// The same with the spans in the order of the week, each once.
    #[must_use]
    pub fn sorted(mut self) -> Self {
        self.week.sort_unstable();
        self.week.dedup();
        self
    }

    /// Whether the business is there at a moment, and else from when on.
    #[must_use]
    pub fn at(&self, now: DateTime<Utc>) -> Opening {
        let zone = self.time_zone.zone();
        let today = now.with_timezone(&zone).date_naive();
        // A week from today comes to the same day again, which may be over today.
        let days = (0..=7).filter_map(|n| today.checked_add_days(Days::new(n)));
        let spans: Vec<_> = days.flat_map(|date| self.spans_on(date, zone)).collect();
        if spans.iter().any(|(from, to)| *from <= now && now < *to) {
            return Opening { open: true, opens_at: None };
        }
        let opens_at = spans.into_iter().map(|(from, _)| from).filter(|from| *from > now).min();
        Opening { open: false, opens_at }
    }

    fn spans_on(&self, date: NaiveDate, zone: Tz) -> impl Iterator<Item = (DateTime<Utc>, DateTime<Utc>)> {
        let day = Day::from(date.weekday());
        let spans = self.week.iter().filter(move |span| span.day == day);
        spans.map(move |span| (span.from.on(date, zone), span.to.on(date, zone)))
    }
}

impl Opening {
    /// That of a business without opening hours.
    pub const ALWAYS: Self = Self { open: true, opens_at: None };
}

impl From<Weekday> for Day {
    fn from(day: Weekday) -> Self {
        match day {
            Weekday::Mon => Self::Mon,
            Weekday::Tue => Self::Tue,
            Weekday::Wed => Self::Wed,
            Weekday::Thu => Self::Thu,
            Weekday::Fri => Self::Fri,
            Weekday::Sat => Self::Sat,
            Weekday::Sun => Self::Sun,
        }
    }
}

impl TimeZone {
    /// Accepts a name that is in the database.
    ///
    /// # Errors
    /// [`Invalid`] when it isn't.
    pub fn new(name: &str) -> Result<Self, Invalid> {
        let known = name.parse::<Tz>().is_ok();
        let wrong = || Invalid("must be the name of a time zone like Europe/Madrid".to_owned());
        known.then(|| Self(name.to_owned())).ok_or_else(wrong)
    }

    /// The zone; a name that a later database doesn't know any more counts as UTC.
    fn zone(&self) -> Tz {
        self.0.parse().unwrap_or(Tz::UTC)
    }
}

impl TimeOfDay {
    const MINUTES: u16 = 24 * 60;

    /// Accepts a time like `09:30`; `24:00` is the end of the day.
    ///
    /// # Errors
    /// [`Invalid`] when it isn't one.
    pub fn new(text: &str) -> Result<Self, Invalid> {
        Self::parse(text).ok_or_else(|| Invalid("must be a time of day like 09:30".to_owned()))
    }

    fn parse(text: &str) -> Option<Self> {
        let digits = |text: &str| text.len() == 2 && text.bytes().all(|b| b.is_ascii_digit());
        let (hours, minutes) = text.split_once(':').filter(|(h, m)| digits(h) && digits(m))?;
        let (hours, minutes): (u16, u16) = (hours.parse().ok()?, minutes.parse().ok()?);
        let time = Self(hours * 60 + minutes);
        (minutes < 60 && time.0 <= Self::MINUTES).then_some(time)
    }

    /// The moment at which the clocks of a zone show this on a date. A time that clocks skip is when they skip it; of
    /// a time that comes twice it is the first.
    fn on(self, date: NaiveDate, zone: Tz) -> DateTime<Utc> {
        let local = date.and_time(chrono::NaiveTime::MIN) + TimeDelta::minutes(self.0.into());
        let moment = |local: NaiveDateTime| zone.from_local_datetime(&local).earliest();
        let shown = (0..=4).find_map(|quarters| moment(local + TimeDelta::minutes(15 * quarters)));
        shown.map_or_else(|| local.and_utc(), |shown| shown.to_utc())
    }
}

impl Serialize for TimeOfDay {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("{:02}:{:02}", self.0 / 60, self.0 % 60))
    }
}

impl<'de> Deserialize<'de> for TimeOfDay {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(&String::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}

impl PartialSchema for TimeZone {
    fn schema() -> RefOr<Schema> {
        let schema = ObjectBuilder::new().schema_type(Type::String).pattern(Some("^[A-Za-z0-9_+/-]+$"));
        schema.description(Some("The IANA's name of a time zone.")).examples(["Europe/Madrid"]).into()
    }
}

impl ToSchema for TimeZone {}

impl PartialSchema for TimeOfDay {
    fn schema() -> RefOr<Schema> {
        let schema = ObjectBuilder::new().schema_type(Type::String);
        schema.pattern(Some("^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$")).examples(["09:30"]).into()
    }
}

impl ToSchema for TimeOfDay {}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[expect(clippy::needless_pass_by_value, reason = "so that literals can be written where it is used")]
    fn hours(zone: &str, week: serde_json::Value) -> Hours {
        serde_json::from_value(json!({"timeZone": zone, "week": week})).expect("hours")
    }

    fn moment(text: &str) -> DateTime<Utc> {
        text.parse().expect("a time")
    }

    fn opens(hours: &Hours, at: &str) -> (bool, Option<String>) {
        let Opening { open, opens_at } = hours.at(moment(at));
        (open, opens_at.map(|at| at.format("%a %H:%M").to_string()))
    }

    #[test]
    fn hours_are_told_by_the_clocks_of_their_zone() {
        let madrid = hours(
            "Europe/Madrid",
            json!([
                {"day": "mon", "from": "09:00", "to": "14:00"},
                {"day": "mon", "from": "16:00", "to": "24:00"},
                {"day": "wed", "from": "00:00", "to": "01:00"}
            ]),
        );
        let at = |time: &str| opens(&madrid, time);
        let next = |text: &str| (false, Some(text.to_owned()));
        // 2026-03-02 is a Monday, one hour before UTC's clocks.
        assert_eq!(at("2026-03-02T07:59:59Z"), next("Mon 08:00"));
        assert_eq!(at("2026-03-02T08:00:00Z"), (true, None));
        assert_eq!(at("2026-03-02T13:00:00Z"), next("Mon 15:00"));
        assert_eq!(at("2026-03-02T22:59:59Z"), (true, None));
        assert_eq!(at("2026-03-02T23:00:00Z"), next("Tue 23:00"));
        assert_eq!(at("2026-03-03T23:30:00Z"), (true, None));
        assert_eq!(at("2026-03-04T00:00:00Z"), next("Mon 08:00"));
        // In summer the same clocks are two hours before.
        assert_eq!(at("2026-07-06T07:00:00Z"), (true, None));
    }

    #[test]
    fn a_time_that_the_clocks_skip_is_when_they_skip_it() {
        let night = hours("Europe/Madrid", json!([{"day": "sun", "from": "02:30", "to": "04:00"}]));
        assert_eq!(opens(&night, "2026-03-29T00:59:00Z"), (false, Some("Sun 01:00".to_owned())));
        assert_eq!(opens(&night, "2026-03-29T01:30:00Z"), (true, None));
        assert!(!opens(&night, "2026-03-29T02:00:00Z").0);
    }

    #[test]
    fn no_hours_at_all_are_never() {
        assert_eq!(opens(&hours("UTC", json!([])), "2026-03-02T12:00:00Z"), (false, None));
        // Today's span is over: the same day of the next week is next.
        let monday = hours("UTC", json!([{"day": "mon", "from": "09:00", "to": "10:00"}]));
        assert_eq!(monday.at(moment("2026-03-02T10:00:00Z")).opens_at, Some(moment("2026-03-09T09:00:00Z")));
    }

    #[test]
    fn only_real_times_and_zones_are_accepted() {
        for fine in ["00:00", "09:05", "23:59", "24:00"] {
            let time = TimeOfDay::new(fine).expect(fine);
            assert_eq!(serde_json::to_value(time).expect("JSON"), json!(fine));
        }
        for wrong in ["24:01", "9:00", "09:60", "25:00", "0900", "+9:00", ""] {
            assert!(TimeOfDay::new(wrong).is_err(), "{wrong}");
        }
        assert!(TimeZone::new("America/New_York").is_ok() && TimeZone::new("Mars/Olympus").is_err());
        assert!(!hours("UTC", json!([{"day": "mon", "from": "10:00", "to": "10:00"}])).are_fine());
    }
}
