package io.weir.flink.events;

import io.weir.registry.EventLimits;
import io.weir.registry.SizeLimit;
import java.util.List;
import java.util.Map;
import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.configuration.ConfigOptions;
import org.apache.flink.configuration.MemorySize;
import org.apache.flink.configuration.ReadableConfig;
import org.apache.flink.table.api.ValidationException;

/** The options that every format of events has. */
public final class EventOptions {
  static final ConfigOption<List<String>> ID_COLUMNS =
      ConfigOptions.key("id-columns")
          .stringType()
          .asList()
          .noDefaultValue()
          .withDescription(
              "Columns that identify an event, separated by ';': a different event with a recent id"
                  + " is counted in the metric conflictingDuplicates.");

  static final ConfigOption<String> LIMITS =
      ConfigOptions.key("limits")
          .stringType()
          .noDefaultValue()
          .withDescription(
              "Limits of times and keys, as the JSON text of weir.catalog.limits: an event beyond"
                  + " them is not decoded.");

  private static final ConfigOption<MemorySize> MAX_BYTES =
      ConfigOptions.key("max-bytes")
          .memoryType()
          .noDefaultValue()
          .withDescription(
              "Maximum size of a value in bytes. A larger one is not decoded (too-large), and its"
                  + " raw-value is cut to this size.");

  public static final List<ConfigOption<?>> ALL = List.of(MAX_BYTES, ID_COLUMNS, LIMITS);

  private EventOptions() {}

  /**
   * Reads the options of a table.
   *
   * @param format the identifier of the format, for messages
   * @throws ValidationException if one is invalid
   */
  public static EventSettings of(String format, ReadableConfig options) {
    return new EventSettings(
        options.getOptional(ID_COLUMNS).orElse(List.of()),
        limits(format, options),
        sizeLimit(options));
  }

  private static EventLimits limits(String format, ReadableConfig options) {
    try {
      return options.getOptional(LIMITS).map(EventLimits::parse).orElse(EventLimits.NONE);
    } catch (IllegalArgumentException e) {
      throw new ValidationException(name(format, LIMITS) + ": " + e.getMessage(), e);
    }
  }

  private static SizeLimit sizeLimit(ReadableConfig options) {
    return options
        .getOptional(MAX_BYTES)
        .map(size -> new SizeLimit(Math.toIntExact(size.getBytes())))
        .orElse(SizeLimit.NONE);
  }

  /**
   * Whether some columns come from both the Kafka key and the value. The Kafka connector (5.0.0)
   * then counts them twice when it locates the format's metadata, and would drop some of it.
   *
   * @param table the options of the whole table
   */
  public static boolean sharesColumnsWithKey(Map<String, String> table) {
    boolean hasKey =
        table.containsKey("key.fields") || "upsert-kafka".equals(table.get("connector"));
    return hasKey && !"EXCEPT_KEY".equals(table.get("value.fields-include"));
  }

  /** The option as users write it, without the connector's own prefix. */
  public static String name(String format, ConfigOption<?> option) {
    return format + "." + option.key();
  }
}
