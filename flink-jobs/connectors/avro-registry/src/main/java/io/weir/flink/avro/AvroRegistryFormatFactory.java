package io.weir.flink.avro;

import io.weir.flink.events.EventDecodingFormat;
import io.weir.flink.events.EventOptions;
import io.weir.registry.RegistryConfig;
import java.util.Set;
import org.apache.avro.Schema;
import org.apache.flink.api.common.serialization.DeserializationSchema;
import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.configuration.ReadableConfig;
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
    RegistryConfig registry = RegistryOptions.of(options);
    Schema reader = ReaderSchema.parse(options.get(AvroRegistryOptions.SCHEMA));
    return new EventDecodingFormat(
        IDENTIFIER,
        EventOptions.of(IDENTIFIER, options),
        EventOptions.sharesColumnsWithKey(context.getCatalogTable().getOptions()),
        columns -> {
          ReaderSchema.check(reader, columns);
          return new AvroRegistryDecoder(registry, reader.toString(), columns);
        });
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
