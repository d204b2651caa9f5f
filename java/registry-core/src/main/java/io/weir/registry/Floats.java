package io.weir.registry;

/**
 * One form of each floating-point number, so that equal numbers have equal bits: as keys, as groups
 * and in duplicates. IEEE 754 has two zeros that are equal, and many NaNs.
 */
public final class Floats {
  private Floats() {}

  /** The number; 0.0 for -0.0, and Java's own NaN for any other. */
  public static float canonical(float value) {
    return Float.isNaN(value) ? Float.NaN : value + 0.0f;
  }

  /** The number; 0.0 for -0.0, and Java's own NaN for any other. */
  public static double canonical(double value) {
    return Double.isNaN(value) ? Double.NaN : value + 0.0;
  }
}
