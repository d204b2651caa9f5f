package io.weir.registry;

/**
 * Normalizes floating-point numbers, so that equal numbers have equal bits as keys, in groups and
 * in duplicates. IEEE 754 has two equal zeros and many NaNs.
 */
public final class Floats {
  private Floats() {}

  /** Returns the number, with -0.0 replaced by 0.0 and any NaN by Java's NaN. */
  public static float canonical(float value) {
    return Float.isNaN(value) ? Float.NaN : value + 0.0f;
  }

  /** Returns the number, with -0.0 replaced by 0.0 and any NaN by Java's NaN. */
  public static double canonical(double value) {
    return Double.isNaN(value) ? Double.NaN : value + 0.0;
  }
}
