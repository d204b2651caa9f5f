package io.weir.flink.avro;

import io.weir.registry.EventLimits;
import io.weir.registry.SizeLimit;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.flink.api.common.serialization.DeserializationSchema;
import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.configuration.ReadableConfig;
import org.apache.flink.table.api.ValidationException;
import org.apache.flink.table.connector.format.DecodingFormat;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.factories.DeserializationFormatFactory;
import org.apache.flink.table.factories.DynamicTableFactory;
import org.apache.flink.table.factories.FactoryUtil;

/**
 * {@code 'value.format' = 'avro-registry'}: Avro in the Confluent wire format, with poison records
 * set aside.
 */
public final class AvroRegistryFormatFactory implements DeserializationFormatFactory {
  static final String IDENTIFIER = "avro-registry";

  @Override
  public DecodingFormat<DeserializationSchema<RowData>> createDecodingFormat(
      DynamicTableFactory.Context context, ReadableConfig options) {
    FactoryUtil.validateFactoryOptions(this, options);
    String schema = options.get(AvroRegistryOptions.SCHEMA);
    return new AvroRegistryDecodingFormat(
        RegistryOptions.of(options),
        ReaderSchema.parse(schema),
        options.getOptional(AvroRegistryOptions.ID_COLUMNS).orElse(List.of()),
        limits(options),
        sizeLimit(options),
        sharesColumnsWithKey(context.getCatalogTable().getOptions()));
  }

  private static EventLimits limits(ReadableConfig options) {
    try {
      return options
          .getOptional(AvroRegistryOptions.LIMITS)
          .map(EventLimits::parse)
          .orElse(EventLimits.NONE);
    } catch (IllegalArgumentException e) {
      throw new ValidationException(
          AvroRegistryOptions.name(AvroRegistryOptions.LIMITS) + ": " + e.getMessage(), e);
    }
  }

  private static SizeLimit sizeLimit(ReadableConfig options) {
    return options
        .getOptional(AvroRegistryOptions.MAX_BYTES)
        .map(size -> new SizeLimit(Math.toIntExact(size.getBytes())))
        .orElse(SizeLimit.NONE);
  }

  /**
   * Whether some columns come from both the Kafka key and the value. The Kafka connector (5.0.0)
   * then counts them twice when it locates the format's metadata, and would drop some of it.
   */
  private static boolean sharesColumnsWithKey(Map<String, String> table) {
    boolean hasKey =
        table.containsKey("key.fields") || "upsert-kafka".equals(table.get("connector"));
    return hasKey && !"EXCEPT_KEY".equals(table.get("value.fields-include"));
  }

  @Override
  public String factoryIdentifier() {
    return IDENTIFIER;
  }

  @Override
  public Set<ConfigOption<?>> requiredOptions() {
    return Set.copyOf(AvroRegistryOptions.REQUIRED);
  }

  @Override
  public Set<ConfigOption<?>> optionalOptions() {
    return Set.copyOf(AvroRegistryOptions.OPTIONAL);
  }
}
