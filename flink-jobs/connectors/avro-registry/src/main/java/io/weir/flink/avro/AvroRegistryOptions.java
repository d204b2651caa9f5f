package io.weir.flink.avro;

import io.weir.flink.events.EventOptions;
import io.weir.registry.RegistryConfig.TruststoreType;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.configuration.ConfigOptions;

/** The format's options as the factory receives them, without the prefix {@code avro-registry.}. */
final class AvroRegistryOptions {
  static final ConfigOption<String> URL =
      ConfigOptions.key("url")
          .stringType()
          .noDefaultValue()
          .withDescription(
              "Address of the registry's Confluent REST API, such as"
                  + " https://registry/apis/ccompat/v7.");

  static final ConfigOption<String> SCHEMA =
      ConfigOptions.key("schema")
          .stringType()
          .noDefaultValue()
          .withDescription(
              "Reader schema: an Avro record as JSON text, with a field for each column.");

  static final ConfigOption<String> USERNAME =
      ConfigOptions.key("username")
          .stringType()
          .noDefaultValue()
          .withDescription("User for HTTP basic authentication.");

  static final ConfigOption<String> PASSWORD =
      ConfigOptions.key("password")
          .stringType()
          .noDefaultValue()
          .withDescription("Password for HTTP basic authentication.");

  static final ConfigOption<String> PASSWORD_PATH =
      ConfigOptions.key("password.path")
          .stringType()
          .noDefaultValue()
          .withDescription(
              "File, on every task manager, with the password, such as a mounted Secret.");

  static final ConfigOption<String> TRUSTSTORE_LOCATION =
      ConfigOptions.key("truststore.location")
          .stringType()
          .noDefaultValue()
          .withDescription(
              "File, on every task manager, with the certificates to trust; the JVM's otherwise.");

  static final ConfigOption<String> TRUSTSTORE_PASSWORD =
      ConfigOptions.key("truststore.password")
          .stringType()
          .noDefaultValue()
          .withDescription("Password of the truststore; not for PEM.");

  static final ConfigOption<TruststoreType> TRUSTSTORE_TYPE =
      ConfigOptions.key("truststore.type")
          .enumType(TruststoreType.class)
          .defaultValue(TruststoreType.PKCS12)
          .withDescription("Format of the truststore: PKCS12, JKS or PEM.");

  static final ConfigOption<Duration> REQUEST_TIMEOUT =
      ConfigOptions.key("request-timeout")
          .durationType()
          .defaultValue(Duration.ofSeconds(10))
          .withDescription("Longest wait for one answer of the registry.");

  static final ConfigOption<Integer> MAX_RETRIES =
      ConfigOptions.key("max-retries")
          .intType()
          .defaultValue(5)
          .withDescription(
              "Further attempts, from 100 ms up to 5 s apart, before the job fails over.");

  static final List<ConfigOption<?>> REQUIRED = List.of(URL, SCHEMA);

  static final List<ConfigOption<?>> OPTIONAL =
      Stream.concat(
              Stream.of(
                  USERNAME,
                  PASSWORD,
                  PASSWORD_PATH,
                  TRUSTSTORE_LOCATION,
                  TRUSTSTORE_PASSWORD,
                  TRUSTSTORE_TYPE,
                  REQUEST_TIMEOUT,
                  MAX_RETRIES),
              EventOptions.ALL.stream())
          .<ConfigOption<?>>map(option -> option)
          .toList();

  /** The option as users write it, without the connector's own prefix. */
  static String name(ConfigOption<?> option) {
    return EventOptions.name(AvroRegistryFormatFactory.IDENTIFIER, option);
  }

  private AvroRegistryOptions() {}
}
