//! Percentiles of many measurements.

/// The value that `percent` of the values do not exceed (nearest rank); `None` without values.
pub fn percentile(values: &[f64], percent: u32) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let rank = (sorted.len() * percent.min(100) as usize).div_ceil(100);
    sorted.get(rank.saturating_sub(1)).copied()
}

/// The middle value; `None` without values.
pub fn median(values: &[f64]) -> Option<f64> {
    percentile(values, 50)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_of_the_values_does_not_matter() {
        assert_eq!(median(&[3.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(percentile(&[4.0, 1.0, 3.0, 2.0], 75), Some(3.0));
    }

    #[test]
    fn ninety_percent_of_ten_values_do_not_exceed_the_ninth() {
        let values: Vec<f64> = (1..=10).map(f64::from).collect();
        assert_eq!(percentile(&values, 90), Some(9.0));
        assert_eq!(percentile(&values, 100), Some(10.0));
        assert_eq!(percentile(&values, 0), Some(1.0));
    }

    #[test]
    fn of_one_value_every_percentile_is_that_value_and_of_none_there_is_none() {
        assert_eq!(percentile(&[7.0], 90), Some(7.0));
        assert_eq!(median(&[]), None);
    }
}
